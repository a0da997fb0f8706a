//! The authenticator for a browser page: one request as JSON, one answer as JSON, and nothing else.
//!
//! The page brings clock, randomness, storage and network, as every caller does; a WebAssembly module of this crate
//! imports nothing. Each answer says what is to be stored before anything else is done with it.
//!
//! ```
//! use web_device::WebDevice;
//!
//! let mut device = WebDevice::new(pushotp::pin::Cost::RECOMMENDED);
//! let seed = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; // yours: 32 bytes of the browser's generator
//! let request = format!(r#"{{"now":1800000000,"seed":"{seed}","call":{{"enrol":{{"uri":"no","name":"n"}}}}}}"#);
//! assert_eq!(&*device.call(request.as_bytes()), br#"{"error":{"kind":"not-an-enrolment"}}"#);
//! ```

mod answer;
mod device;
mod exports;
mod failure;
mod logins;
mod pins;
mod request;
mod stored;
mod text;

pub use device::WebDevice;
