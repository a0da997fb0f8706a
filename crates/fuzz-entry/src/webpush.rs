use pushotp_webpush::{EndpointRules, Subscription};
use pushotp_wire::terms::{PushAddress, PushKind};

/// A push address that is taken prints to one that is read as the same, and its host is no IP address of the inside.
pub fn subscription(input: &[u8]) -> bool {
    let rules = EndpointRules::default();
    let Ok(address) = PushAddress::new(PushKind::WebPush, input.to_vec()) else { return false };
    let Ok(subscription) = Subscription::from_push_address(&address, rules) else { return false };
    let endpoint = subscription.endpoint();
    assert!(endpoint.is_tls() && endpoint.host().parse().map_or(true, |ip| rules.admits(ip)));
    // A URL without a path gets a slash, which may be one byte too many.
    if let Ok(printed) = subscription.to_push_address() {
        let again = Subscription::from_push_address(&printed, rules).unwrap();
        assert!(again == subscription && again.to_push_address() == Ok(printed));
    }
    true
}
