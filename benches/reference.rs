//! Implementations of others in C, to compare with.

use std::{
    cell::RefCell,
    ffi::{c_int, c_void},
    ptr::null_mut,
};

/// Argon2id of the reference implementation: its optimised code, compiled for the machine it runs on, one lane,
/// memory of its own for each call, which it wipes.
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

/// The same as somebody runs it who tries many passwords: the memory is kept between calls, and nothing is wiped.
///
/// # Panics
/// If it refuses the cost.
#[must_use]
#[expect(unsafe_code, reason = "a bench; C has no other way in")]
pub fn argon2id_warm(password: &[u8], salt: &[u8; 16], memory_kib: u32, passes: u32) -> [u8; 32] {
    let (mut out, mut password, mut salt) = ([0_u8; 32], password.to_vec(), *salt);
    let mut context = argon2_sys::Argon2_Context {
        out: out.as_mut_ptr(),
        outlen: 32,
        pwd: password.as_mut_ptr(),
        pwdlen: u32::try_from(password.len()).unwrap_or_default(),
        salt: salt.as_mut_ptr(),
        saltlen: 16,
        secret: null_mut(),
        secretlen: 0,
        ad: null_mut(),
        adlen: 0,
        t_cost: passes,
        m_cost: memory_kib,
        lanes: 1,
        threads: 1,
        version: argon2_sys::ARGON2_VERSION_13,
        allocate_cbk: Some(lend),
        free_cbk: Some(take_back),
        flags: argon2_sys::ARGON2_DEFAULT_FLAGS,
    };
    // SAFETY: each pointer goes with the length of what it points to, which outlives the call; one thread runs, so
    // nobody else reads the flag.
    let code = unsafe {
        FLAG_clear_internal_memory = 0;
        let code = argon2_sys::argon2_ctx(&raw mut context, argon2_sys::Argon2_id);
        FLAG_clear_internal_memory = 1;
        code
    };
    assert_eq!(code, 0, "Argon2id refused its parameters");
    out
}

#[expect(unsafe_code, reason = "a bench; C has no other way in")]
unsafe extern "C" {
    /// Whether the reference implementation wipes its memory.
    static mut FLAG_clear_internal_memory: c_int;
}

thread_local! {
    static WARM: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[expect(unsafe_code, reason = "a bench; C has no other way in")]
unsafe extern "C" fn lend(memory: *mut *mut u8, bytes: usize) -> c_int {
    WARM.with_borrow_mut(|warm| {
        warm.resize(warm.len().max(bytes / 8), 0);
        // SAFETY: C gives a place for a pointer; what it points to stays until the next call.
        unsafe { *memory = warm.as_mut_ptr().cast() };
    });
    0
}

#[expect(unsafe_code, reason = "a bench; C has no other way in")]
unsafe extern "C" fn take_back(_: *mut u8, _: usize) {}
