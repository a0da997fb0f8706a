//! A whole login: the challenge goes through a push service to the device, the answer comes back.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Authenticator, Carried, Delivered, DeviceSetup, Incoming, LoginRequest, LoginServer,
    LoginStart, MemoryStorage, NewToken, Outcome, Protection, ServerPolicy, ServerSetup, SoftwareKek, SoftwareKeys,
    Started, pin::Cost, store::MemoryStore, types::TenantId, wire::keys::ServerKey,
};
use pushotp_types::TokenId;
use pushotp_webpush::Opened;
use pushotp_wire::{
    notify::{DynNotifier, NotifyError},
    terms::{PushAddress, PushKind},
};
use rand_chacha::ChaCha20Rng;

use crate::fixture::{CREATED, NOW, Service, address, keys, on_loopback, rng};

/// A server with one user, whose device is pushed through a push service.
struct World {
    server: LoginServer,
    user: AccountId,
    token: TokenId,
    device: Authenticator,
    rng: ChaCha20Rng,
}

impl World {
    fn pushed_through(service: &Service) -> Self {
        let mut rng = rng();
        let server = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: "https://login.example.com/push".into(),
            key: ServerKey::generate(&mut rng),
            kek: Arc::new(SoftwareKek::from_bytes([7; 32])),
            store: Arc::new(MemoryStore::new()),
            policy: ServerPolicy::default(),
        });
        let user = AccountId::new("alice").unwrap();
        block_on(server.add_account(&user)).unwrap();
        let token = block_on(server.add_token(&user, NewToken::new("Mail"), NOW, &mut rng)).unwrap();
        let offer = block_on(server.offer_enrolment(&user, NOW, &mut rng)).unwrap();
        let keys = SoftwareKeys::generate(&mut rng).into_device_keys();
        let setup = DeviceSetup { name: "browser".into(), push: address(&service.url()), keys };
        let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut rng).unwrap();
        let reply = block_on(server.receive(&request, NOW, &mut rng)).unwrap().into_reply().unwrap();
        let none = Protection { pins: &[], presence: &[], cost: Cost::FLOOR };
        let device = enrolling.finish(&reply).unwrap().confirm(&none, MemoryStorage::default(), &mut rng).unwrap();
        block_on(server.confirm_enrolment((&user, offer.enrolment), true, NOW, &mut rng)).unwrap();
        Self { server, user, token, device, rng }
    }

    fn start(&mut self) -> Started {
        let request = LoginRequest::new("Intranet");
        match block_on(self.server.start_login(&self.user, &request, NOW, &mut self.rng)).unwrap() {
            LoginStart::Started(started) => started,
            other => panic!("{other:?}"),
        }
    }

    fn deliver(&mut self, login: &Started) -> Vec<Delivered> {
        let carrier: Box<dyn DynNotifier> = Box::new(on_loopback());
        let pushes = (&self.user, &login.pushes[..], login.expires);
        block_on(self.server.deliver(pushes, &*carrier, NOW, &mut self.rng))
    }
}

#[test]
fn a_login_over_a_push() {
    let service = Service::answering(CREATED);
    let mut world = World::pushed_through(&service);
    let login = world.start();
    assert_eq!(world.deliver(&login)[0].outcome, Ok(Carried::Sealed));

    let [asked] = &service.asked()[..] else { panic!("one push") };
    assert_eq!((asked.header("TTL"), asked.body.len()), (Some("120"), 614));
    let Opened::Sealed(envelope) = keys().open(&asked.body).unwrap() else { panic!("a wake-up") };
    assert_eq!(envelope, login.pushes[0].envelope);
    let Incoming::Login(prompt) = world.device.open(&envelope, NOW).unwrap() else { panic!("no login") };
    assert_eq!((prompt.application(), prompt.user()), ("Intranet", "alice"));

    let number = world.server.number(&login.ticket).unwrap();
    let answer = (world.token, number.as_str(), None);
    let (approval, answering) = world.device.approve(prompt, answer, NOW, &mut world.rng).unwrap();
    let result = block_on(world.server.receive(&approval, NOW, &mut world.rng)).unwrap().into_reply().unwrap();
    let outcome = world.device.finish(answering, &result, NOW).unwrap().outcome;
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    assert_eq!(block_on(world.server.redeem(&login.ticket, NOW, &mut world.rng)).unwrap(), Some(world.user));
}

#[test]
fn a_subscription_that_is_void_is_forgotten() {
    let service = Service::answering(b"HTTP/1.1 410 Gone\r\n\r\n");
    let mut world = World::pushed_through(&service);
    let login = world.start();
    assert_eq!(login.pushes[0].address.kind(), PushKind::WebPush);
    assert_eq!(world.deliver(&login)[0].outcome, Err(NotifyError::Gone));
    let events = block_on(world.server.audit(&world.user)).unwrap();
    assert_eq!(events.last().unwrap().kind(), AuditKind::PushAddressGone);

    let login = world.start();
    assert_eq!(login.pushes[0].address, PushAddress::POLL);
    assert!(world.deliver(&login).iter().all(|push| push.outcome == Ok(Carried::Fetched)));
    assert_eq!(service.asked().len(), 1);
}
