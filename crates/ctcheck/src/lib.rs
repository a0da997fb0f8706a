//! Valgrind's client requests, without a dependency or a C header: what a constant-time test needs of memcheck.
#![allow(unsafe_code, reason = "client requests are inline assembly")]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn request(code: usize, address: usize, len: usize) -> usize {
    let words = [code, address, len, 0, 0, 0];
    let mut out = 0_usize;
    // SAFETY: outside valgrind the rotations add up to 128 bits and the exchange is with itself, so nothing changes;
    // inside, valgrind reads the six words and writes rdx.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") out,
            options(nostack),
        );
    }
    out
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn request(_code: usize, _address: usize, _len: usize) -> usize {
    0
}

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Whether valgrind runs the process.
#[must_use]
pub fn on_valgrind() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) > 0
}

/// How many errors memcheck counts while `run` runs.
pub fn errors<T>(run: impl FnOnce() -> T) -> usize {
    let before = request(COUNT_ERRORS, 0, 0);
    core::hint::black_box(run());
    request(COUNT_ERRORS, 0, 0).wrapping_sub(before)
}

/// Marks the bytes of `value` as secret: memcheck reports each branch and each address that depends on them.
///
/// Only the value's own bytes, not what it points to: give a slice, not a `Vec`.
pub fn classify<T: ?Sized>(value: &T) {
    request(MAKE_MEM_UNDEFINED, core::ptr::from_ref(value).cast::<u8>() as usize, size_of_val(value));
}

/// Takes the mark off, where a result may be known.
pub fn declassify<T: ?Sized>(value: &T) {
    request(MAKE_MEM_DEFINED, core::ptr::from_ref(value).cast::<u8>() as usize, size_of_val(value));
}
