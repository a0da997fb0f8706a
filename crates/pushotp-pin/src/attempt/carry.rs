use super::{AttemptStore, Loaded, RecordError, record::Record};
use crate::{DeviceKey, Header};

/// A sealing of a token, and the device key that its record is kept under.
pub(crate) type Keeper<'a> = (Header, &'a dyn DeviceKey);

/// Makes the token's record one of `to`: the count is carried over from `from` as it stands. Done before, it does nothing.
pub(crate) fn carry(store: &dyn AttemptStore, from: Keeper<'_>, to: Keeper<'_>) -> Result<(), RecordError> {
    let bytes = store.load(to.0.token)?.ok_or(RecordError::Missing)?;
    let of = |keeper: &Keeper<'_>| match Record::decode(&bytes, keeper.0.token, keeper.1) {
        Ok(record) if record.header == keeper.0 => Ok(Some(record)),
        Ok(_) | Err(RecordError::Tampered) => Ok(None),
        Err(error) => Err(error),
    };
    if of(&to)?.is_some() {
        return Ok(());
    }
    let record = of(&from)?.ok_or(RecordError::Tampered)?;
    let loaded = Loaded { bytes, record };
    loaded.is_current(store)?;
    loaded.replace(record.carried(to.0), store, to.1)
}
