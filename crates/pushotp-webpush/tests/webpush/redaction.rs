//! Nothing that is printed shows a key, a secret, a URL or what was carried.

use std::fmt::Write as _;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use pollster::block_on;
use pushotp_webpush::{
    Endpoint, EndpointRules, Opened, PushRequest, PushResponse, SubscriptionKeys, Transport, TransportError, VapidKey,
    WebPush,
};
use pushotp_wire::notify::{Notifier as _, PushMessage, Sending};

use crate::fixture::{NOW, TTL, address, identity, keys, rng};

/// Prints what it should carry.
#[derive(Default)]
struct Printer(std::sync::Mutex<String>);

impl Transport for &Printer {
    async fn send(&self, request: PushRequest) -> Result<PushResponse, TransportError> {
        *self.0.lock().unwrap() = format!("{request:?} {request:#?} {:?}", request.endpoint());
        Err(TransportError::Failed)
    }
}

fn forms(bytes: &[u8]) -> Vec<String> {
    let decimal = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    vec![HEXLOWER.encode(bytes), BASE64_NOPAD.encode(bytes), BASE64URL_NOPAD.encode(bytes), decimal]
}

#[test]
fn nothing_is_shown() {
    const URL: &str = "https://push.example.net/very-secret-path";
    let rules = EndpointRules::default();
    let (endpoint, printer, mut rng) = (Endpoint::parse(URL, rules).unwrap(), Printer::default(), rng());
    let (subscription, address) = (keys().subscription(endpoint.clone()), address(URL));
    let push = WebPush::new(&printer, identity(), rules);
    let sealed = PushMessage::Sealed(b"an envelope");
    let refused = block_on(push.notify(&address, sealed, Sending { ttl: TTL, now: NOW, rng: &mut rng }));

    let mut log = printer.0.lock().unwrap().clone();
    assert!(log.contains("PushRequest"), "it was printed");
    let opened = Opened::Sealed(b"an envelope".to_vec());
    write!(log, "{:?} {:?} {endpoint:?} {subscription:?} {address:?} {push:?}", keys(), identity().0).unwrap();
    write!(log, "{refused:?} {sealed:?} {opened:?} {:?}", SubscriptionKeys::from_bytes(&[0; 48])).unwrap();
    write!(log, "{:?} {:?}", VapidKey::from_bytes(&[0; 32]), Endpoint::parse("https://secret-path", rules)).unwrap();
    for error in
        [refused.unwrap_err().to_string(), Endpoint::parse("https://secret-path", rules).unwrap_err().to_string()]
    {
        log.push_str(&error);
    }

    let exposed = keys().expose();
    let secrets = [&exposed[..32], &exposed[32..], &[0x5a; 32], &address.addr()[..65], b"an envelope"];
    let words = ["secret-path", "push.example.net", "an envelope"].map(str::to_owned);
    let hidden: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).chain(words).collect();
    let found = |text: &str| hidden.iter().filter(|form| text.contains(form.as_str())).cloned().collect::<Vec<_>>();
    assert_eq!(found(&log), Vec::<String>::new(), "{log}");
    for form in &hidden {
        assert!(found(&format!("{log} {form}")).contains(form), "the check finds it");
    }
}
