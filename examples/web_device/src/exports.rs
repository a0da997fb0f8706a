//! The three functions of the module. Bytes go through one buffer in its memory, which JavaScript writes and reads.
//!
//! `device_reserve(length)` makes room for a request and says where; `device_call()` answers what was written there and
//! says how long the answer is; `device_answer()` says where that is, until the next `device_reserve`.
#![expect(unsafe_code, reason = "a name of its own for each function; there is no unsafe block")]

use std::cell::RefCell;

use pushotp::pin::Cost;
use zeroize::Zeroizing;

use crate::WebDevice;

/// Longer than any request of a page: the state of a device with eight tokens is a few KiB.
const MAX_LEN: usize = 1 << 18;

struct Module {
    device: WebDevice,
    buffer: Zeroizing<Vec<u8>>,
}

thread_local! {
    static MODULE: RefCell<Module> =
        RefCell::new(Module { device: WebDevice::new(Cost::RECOMMENDED), buffer: Zeroizing::default() });
}

#[unsafe(no_mangle)]
extern "C" fn device_reserve(length: usize) -> *mut u8 {
    MODULE.with_borrow_mut(|module| {
        module.buffer = Zeroizing::new(vec![0; length.min(MAX_LEN)]);
        module.buffer.as_mut_ptr()
    })
}

#[unsafe(no_mangle)]
extern "C" fn device_call() -> usize {
    MODULE.with_borrow_mut(|module| {
        module.buffer = module.device.call(&module.buffer);
        module.buffer.len()
    })
}

#[unsafe(no_mangle)]
extern "C" fn device_answer() -> *const u8 {
    MODULE.with_borrow(|module| module.buffer.as_ptr())
}
