//! Structs with named fields in Rust and positions in CBOR: an array of fixed arity each.

/// Declares structs and their (de)serialisation as tuples; CBOR then has no field names and one encoding.
macro_rules! tuple_struct {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)+ })+) => {$(
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* pub(crate) $field: $ty,)+ }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($(&self.$field,)+).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let ($($field,)+) = serde::Deserialize::deserialize(deserializer)?;
                Ok(Self { $($field,)+ })
            }
        }
    )+};
}

pub(crate) use tuple_struct;
