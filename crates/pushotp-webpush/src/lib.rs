#![doc = include_str!("../README.md")]

mod address;
mod aes128gcm;
mod device;
mod encryption;
mod endpoint;
mod http;
mod notifier;
mod response;
mod subscription;
mod transport;
mod vapid;

pub use device::{OpenError, Opened, SubscriptionKeys};
pub use endpoint::{Endpoint, EndpointError, EndpointRules};
pub use http::{HttpTransport, NoTls, Resolve, Stream, SystemResolver, TimedStream, Tls};
pub use notifier::WebPush;
pub use response::{MAX_PAUSE, PushResponse};
pub use subscription::{Subscription, SubscriptionError};
pub use transport::{PushRequest, Transport, TransportError};
pub use vapid::{Contact, ContactError, VapidKey, WeakKey};
