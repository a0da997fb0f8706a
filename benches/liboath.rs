//! liboath, the C library, loaded when the bench runs: so the bench can also be built where it is absent.

use std::{
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    mem::transmute,
};

use libc::{RTLD_LOCAL, RTLD_NOW, dlopen, dlsym, time_t};

const PERIOD: c_uint = 30;
const T0: time_t = 0;
const DIGITS: c_uint = 6;
/// A code and the zero that ends a text in C.
const TEXT: usize = DIGITS as usize + 1;

type Init = unsafe extern "C" fn() -> c_int;
type Generate = unsafe extern "C" fn(*const c_char, usize, time_t, c_uint, time_t, c_uint, c_int, *mut c_char) -> c_int;
type Validate = unsafe extern "C" fn(*const c_char, usize, time_t, c_uint, time_t, usize, *const c_char) -> c_int;

/// Its functions for TOTP; the library stays loaded until the process ends.
pub(crate) struct Liboath {
    generate: Generate,
    validate: Validate,
}

impl Liboath {
    /// `None` where it is not installed.
    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn load() -> Option<Self> {
        // SAFETY: the name is a C text, and what the library does on loading is to set up tables of its own.
        let library = unsafe { dlopen(c"liboath.so.0".as_ptr(), RTLD_NOW | RTLD_LOCAL) };
        if library.is_null() {
            return None;
        }
        // SAFETY: the symbols have these types in oath.h of version 2.6, whose ABI is the 0 in the name of the file,
        // and the library is never unloaded.
        let (init, generate, validate) = unsafe {
            (
                transmute::<*mut c_void, Option<Init>>(dlsym(library, c"oath_init".as_ptr())),
                transmute::<*mut c_void, Option<Generate>>(dlsym(library, c"oath_totp_generate2".as_ptr())),
                transmute::<*mut c_void, Option<Validate>>(dlsym(library, c"oath_totp_validate".as_ptr())),
            )
        };
        // SAFETY: it takes nothing, and nothing else of the library runs yet.
        let code = unsafe { init?() };
        assert_eq!(code, 0, "liboath does not start");
        Some(Self { generate: generate?, validate: validate? })
    }

    /// The code of six digits, as a C text. `flags` names the hash function: 0 is SHA-1, 1 SHA-256, 2 SHA-512.
    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn generate(&self, secret: &[u8], time: time_t, flags: c_int) -> [u8; TEXT] {
        let mut text = [0; TEXT];
        let (key, len, out) = (secret.as_ptr().cast(), secret.len(), text.as_mut_ptr().cast());
        // SAFETY: the key goes with its length, the buffer holds the digits and a zero, and none is kept.
        let code = unsafe { (self.generate)(key, len, time, PERIOD, T0, DIGITS, flags, out) };
        assert_eq!(code, 0, "liboath generates no code");
        text
    }

    /// Whether `typed` is the SHA-1 code of a step that is at most `window` from that of the time.
    #[expect(unsafe_code, reason = "a bench; C has no other way in")]
    pub(crate) fn validate(&self, secret: &[u8], time: time_t, window: usize, typed: &CStr) -> bool {
        let (key, len) = (secret.as_ptr().cast(), secret.len());
        // SAFETY: the key goes with its length, the typed code ends with a zero, and neither is kept.
        unsafe { (self.validate)(key, len, time, PERIOD, T0, window, typed.as_ptr()) >= 0 }
    }
}
