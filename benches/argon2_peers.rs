//! Argon2id of libraries in C that are loaded when the bench runs: so it can also be built where they are absent.

use std::{
    ffi::{CStr, c_char, c_int, c_ulonglong, c_void},
    mem::transmute,
};

use libc::{M_MMAP_THRESHOLD, RTLD_DEEPBIND, RTLD_LOCAL, RTLD_NOW, dlopen, dlsym, mallopt};

/// What all compute: so many KiB, so many passes, one lane, 32 bytes.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8; 16],
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// From now on large memory comes from the system at each call and goes back to it: glibc would keep 19 MiB, and who
/// unlocks once has no memory that is kept.
#[expect(unsafe_code, reason = "a bench; C has no other way in")]
pub(crate) fn fresh_memory() {
    // SAFETY: it sets a number of the allocator, before there are other threads.
    let set = unsafe { mallopt(M_MMAP_THRESHOLD, 1 << 20) };
    assert_eq!(set, 1, "the allocator keeps its threshold");
}

/// `None` where it is not installed. Its own functions come first, so that it does not call those of the same names
/// that are compiled into the bench.
#[expect(unsafe_code, reason = "a bench; C has no other way in")]
fn load(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name is a C text, and what the libraries do on loading is to set up tables of their own.
    let library = unsafe { dlopen(name.as_ptr(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) };
    (!library.is_null()).then_some(library)
}

type HashRaw =
    unsafe extern "C" fn(u32, u32, u32, *const c_void, usize, *const c_void, usize, *mut c_void, usize) -> c_int;

/// The reference implementation as a distribution builds it: for any machine of the kind, so without SIMD. It is slow,
/// and to be ahead of it says nothing.
pub(crate) struct Libargon2(HashRaw);

impl Libargon2 {
    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn load() -> Option<Self> {
        let library = load(c"libargon2.so.1")?;
        // SAFETY: the symbol has this type in argon2.h, whose ABI is the 1 in the name of the file, and the library is
        // never unloaded.
        let hash = unsafe { transmute::<*mut c_void, Option<HashRaw>>(dlsym(library, c"argon2id_hash_raw".as_ptr())) };
        hash.map(Self)
    }

    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn argon2id(&self, work: Work<'_>) -> [u8; 32] {
        let (mut out, Work { password, salt, memory_kib, passes }) = ([0_u8; 32], work);
        let (pwd, salt, tag) = (password.as_ptr().cast(), salt.as_ptr().cast(), out.as_mut_ptr().cast());
        // SAFETY: each pointer goes with the length of what it comes from, and none is kept.
        let code = unsafe { (self.0)(passes, memory_kib, 1, pwd, password.len(), salt, 16, tag, 32) };
        assert_eq!(code, 0, "libargon2 refused its parameters");
        out
    }
}

type Init = unsafe extern "C" fn() -> c_int;
type Pwhash = unsafe extern "C" fn(
    *mut u8,
    c_ulonglong,
    *const c_char,
    c_ulonglong,
    *const u8,
    c_ulonglong,
    usize,
    c_int,
) -> c_int;

/// libsodium, whose Argon2id maps fresh memory at each call.
pub(crate) struct Libsodium(Pwhash);

impl Libsodium {
    const ARGON2ID13: c_int = 2;

    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn load() -> Option<Self> {
        let library = load(c"libsodium.so.23")?;
        // SAFETY: the symbols have these types in sodium.h of 1.0.18, whose ABI is the 23 in the name of the file, and
        // the library is never unloaded.
        let (init, pwhash) = unsafe {
            (
                transmute::<*mut c_void, Option<Init>>(dlsym(library, c"sodium_init".as_ptr())),
                transmute::<*mut c_void, Option<Pwhash>>(dlsym(library, c"crypto_pwhash".as_ptr())),
            )
        };
        // SAFETY: it takes nothing, and nothing else of the library runs yet.
        let code = unsafe { init?() };
        assert!(code >= 0, "libsodium does not start");
        pwhash.map(Self)
    }

    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn argon2id(&self, work: Work<'_>) -> [u8; 32] {
        let (mut out, Work { password, salt, memory_kib, passes }) = ([0_u8; 32], work);
        let (pwd, len) = (password.as_ptr().cast(), password.len().try_into().unwrap_or_default());
        let memory = usize::try_from(memory_kib).unwrap_or_default() * 1024;
        let (tag, salt, passes) = (out.as_mut_ptr(), salt.as_ptr(), passes.into());
        // SAFETY: the password goes with its length, salt and tag have those that the function wants, none is kept.
        let code = unsafe { (self.0)(tag, 32, pwd, len, salt, passes, memory, Self::ARGON2ID13) };
        assert_eq!(code, 0, "libsodium refused its parameters");
        out
    }
}
