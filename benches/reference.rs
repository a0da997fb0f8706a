//! Implementations of others in C, to compare with.

use std::ffi::c_void;

/// Argon2id of the reference implementation: its optimised code, compiled for the machine it runs on, one lane,
/// memory of its own for each call.
///
/// # Panics
/// If it refuses the cost.
#[must_use]
#[expect(unsafe_code, reason = "a bench; C has no other way in")]
pub fn argon2id(password: &[u8], salt: &[u8; 16], memory_kib: u32, passes: u32) -> [u8; 32] {
    let mut out = [0_u8; 32];
    // SAFETY: each pointer goes with the length of the slice that it comes from, and none is kept.
    let code = unsafe {
        argon2_sys::argon2id_hash_raw(
            passes,
            memory_kib,
            1,
            password.as_ptr().cast::<c_void>(),
            password.len(),
            salt.as_ptr().cast::<c_void>(),
            salt.len(),
            out.as_mut_ptr().cast::<c_void>(),
            out.len(),
        )
    };
    assert_eq!(code, 0, "Argon2id refused its parameters");
    out
}
