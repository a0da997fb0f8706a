//! A sink hears what was written, once; what it missed it drains.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread,
};

use pollster::block_on;
use pushotp::{
    AccountId, AuditEvent, AuditKind, AuditSink, DuressResponse, Import, LoginServer, NewToken, PushSwitch,
    ServerError,
    pin::Pin,
    provision::{Credential, Kind},
    store::{Expect, Hint, Key, MAX_PAGE, Store},
    types::{Digits, HashAlgorithm, Secret, TokenId},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::{
    duress::{FORCED, with_typed},
    faults::{Fault, faulty, killed},
    fixture::{NOW, World, later},
};

#[derive(Default)]
struct Heard(Mutex<Vec<(AccountId, AuditEvent)>>);

impl AuditSink for Heard {
    fn audited(&self, account: &AccountId, event: &AuditEvent) {
        self.0.lock().unwrap().push((account.clone(), event.clone()));
    }
}

impl Heard {
    fn numbers(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|(_, event)| event.number()).collect()
    }

    fn kinds(&self) -> Vec<AuditKind> {
        self.0.lock().unwrap().iter().map(|(_, event)| event.kind()).collect()
    }
}

/// So many events about nothing.
fn write(server: &LoginServer, (user, token): (&AccountId, TokenId), times: u64, seed: u64) -> u64 {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..times).map(|_| u64::from(block_on(server.set_push((user, token), true, NOW, &mut rng)).is_ok())).sum()
}

#[test]
fn a_sink_hears_each_event_once_and_as_it_is_recorded() {
    let (mut world, heard) = (World::new(), Arc::new(Heard::default()));
    world.server = world.server_on(world.store.clone()).with_audit_sink(heard.clone());
    world.log_in(world.mail, NOW);
    assert_eq!(heard.kinds(), [AuditKind::LoginStarted, AuditKind::Approved, AuditKind::Redeemed]);
    let drained = block_on(world.server.drain_audit(&world.user, Some(4))).unwrap();
    let heard = heard.0.lock().unwrap();
    assert!(heard.iter().map(|(_, event)| event).eq(&drained.events));
    assert!(heard.iter().all(|(account, _)| *account == world.user));
}

/// By the fate of the write that makes a grant: whether the sink hears of it, and what a drain gives after that.
#[test]
fn a_sink_hears_what_was_written_and_drains_the_rest() {
    use Fault::{NotApplied, Vanished, Written, WrittenAndBlind};
    let cases: &[(&[Fault], bool, bool)] = &[
        (&[], true, true),
        (&[NotApplied], false, false),
        (&[Vanished(0)], true, true),
        (&[Vanished(0), NotApplied], true, true),
        (&[Vanished(0); 8], false, false),
        (&[Vanished(1)], false, false),
        (&[Written(0)], true, true),
        (&[Written(15)], true, true),
        // Nobody knows any more: a gap.
        (&[Written(16)], false, false),
        (&[WrittenAndBlind], false, true),
    ];
    for (script, hears, drains) in cases {
        let (mut world, heard) = (World::new(), Arc::new(Heard::default()));
        let (message, _, started) = world.approval(NOW);
        assert!(world.send(&message, NOW).is_some());
        let before = block_on(world.server.audit(&world.user)).unwrap().last().unwrap().number();
        let server = faulty(&world, script).with_audit_sink(heard.clone());
        let told = block_on(server.redeem(&started.ticket, NOW, &mut world.rng));
        assert_eq!(heard.kinds() == [AuditKind::Redeemed], *hears, "{script:?}: {told:?}");
        assert!(*hears || heard.kinds().is_empty(), "{script:?}");
        let drained = block_on(world.server.drain_audit(&world.user, Some(before))).unwrap();
        let found = drained.events.iter().filter(|event| event.kind() == AuditKind::Redeemed);
        assert_eq!(found.count(), usize::from(*drains), "{script:?}");
        assert_eq!(drained.missed, u64::from(matches!(script, [Written(16)])), "{script:?}");
        assert!(heard.0.lock().unwrap().iter().all(|(_, event)| drained.events.contains(event)), "{script:?}");
    }
}

/// The server dies between the write and the sink.
#[test]
fn what_a_dead_server_wrote_is_drained() {
    let (mut world, heard) = (World::new(), Arc::new(Heard::default()));
    let (message, _, _) = world.approval(NOW);
    let server = faulty(&world, &[Fault::Dies]).with_audit_sink(heard.clone());
    killed(server.receive(&message, NOW, &mut world.rng));
    assert_eq!(heard.kinds(), []);
    let drained = block_on(world.server.drain_audit(&world.user, Some(5))).unwrap();
    assert_eq!(drained.events.iter().map(AuditEvent::kind).collect::<Vec<_>>(), [AuditKind::Approved]);
}

/// A write that is lost is decided anew and told once, as the one that was won.
#[test]
fn servers_that_race_tell_every_event_once() {
    let world = World::new();
    let sinks: Vec<Arc<Heard>> = (0..4).map(|_| Arc::default()).collect();
    let about = (&world.user, world.mail);
    let written: u64 = thread::scope(|scope| {
        let racers = sinks.iter().zip(0..).map(|(sink, seed)| {
            let server = world.server_on(world.store.clone()).with_audit_sink(sink.clone());
            scope.spawn(move || write(&server, about, 50, seed))
        });
        let racers: Vec<_> = racers.collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    let mut numbers: Vec<u64> = sinks.iter().flat_map(|sink| sink.numbers()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(5..5 + written), "{numbers:?}");
}

#[test]
fn a_drain_tells_what_fell_out() {
    let world = World::new();
    // What it wrote, what the sink has seen; what is given, what is missed, and whether the store was set back.
    for (total, after, given, missed, is_set_back) in [
        (5, None, 0..5, 0, false),
        (5, Some(3), 4..5, 0, false),
        (5, Some(4), 5..5, 0, false),
        (5, Some(5), 0..5, 0, true),
        (16, None, 0..16, 0, false),
        (17, None, 1..17, 1, false),
        (17, Some(0), 1..17, 0, false),
        (30, Some(9), 14..30, 4, false),
        (30, Some(29), 30..30, 0, false),
        (30, Some(30), 14..30, 14, true),
        (30, Some(u64::MAX), 14..30, 14, true),
    ] {
        let now = block_on(world.server.audit(&world.user)).unwrap().last().unwrap().number() + 1;
        write(&world.server, (&world.user, world.mail), total - now, total);
        let drained = block_on(world.server.drain_audit(&world.user, after)).unwrap();
        assert!(drained.events.iter().map(AuditEvent::number).eq(given), "{total}, {after:?}: {drained:?}");
        assert_eq!((drained.missed, drained.is_set_back), (missed, is_set_back), "{total}, {after:?}");
    }
    let nobody = AccountId::new("nobody").unwrap();
    assert!(matches!(block_on(world.server.drain_audit(&nobody, None)), Err(ServerError::NoAccount)));
}

/// As many tokens as an account may have are disabled at once, by a wrong passcode that is perhaps typed under duress: nothing
/// of one write is missing, and the next one makes room again.
#[test]
fn a_drain_tells_all_of_one_write() {
    for (tokens, is_forced, logged) in [(15, false, 16), (16, false, 17), (16, true, 18)] {
        let (mut world, safe) = with_typed(DuressResponse::SeemWrong);
        block_on(world.server.remove_token((&world.user, world.bank), NOW, &mut world.rng)).unwrap();
        for number in 2..tokens {
            // As long as those of devices: a wrong one may have been for any of them.
            let secret = Secret::new(&[number; 20]).unwrap();
            let fob = Credential::new(Kind::totp(30), "fob", secret).with_codes(HashAlgorithm::Sha1, Digits::EIGHT);
            block_on(world.server.import_token(&world.user, &Import::new(&fob), NOW, &mut world.rng)).unwrap();
        }
        for _ in 0..9 {
            let _ = block_on(world.server.verify_passcode(&world.user, "00000000", NOW, &mut world.rng)).unwrap();
        }
        let typed = if is_forced { forced_code(&mut world, safe) } else { "00000000".into() };
        let before = block_on(world.server.audit(&world.user)).unwrap().last().unwrap().number();
        let heard = Arc::new(Heard::default());
        world.server = world.server_on(world.store.clone()).with_audit_sink(heard.clone());
        let _ = block_on(world.server.verify_passcode(&world.user, &typed, NOW, &mut world.rng)).unwrap();
        let drained = block_on(world.server.drain_audit(&world.user, Some(before))).unwrap();
        assert_eq!((drained.events.len(), drained.missed), (logged, 0), "{tokens}, {is_forced}");
        assert!(heard.numbers().into_iter().eq(drained.events.iter().map(AuditEvent::number)), "{tokens}, {is_forced}");
        let disabled = drained.events.iter().filter(|event| event.kind() == AuditKind::TokenDisabled);
        assert_eq!(disabled.count(), usize::from(tokens));
        // Sixteen after the next one, as ever.
        write(&world.server, (&world.user, world.mail), 1, 1);
        let drained = block_on(world.server.drain_audit(&world.user, Some(before))).unwrap();
        assert_eq!((drained.events.len(), drained.missed), (16, logged as u64 + 1 - 16), "{tokens}, {is_forced}");
    }
}

/// A passcode of this token, made under its duress PIN.
fn forced_code(world: &mut World, token: TokenId) -> String {
    let pin = Pin::entered(FORCED).unwrap();
    let (code, _) = world.device.passcode(token, Some(&pin), NOW).unwrap();
    code.expose().to_owned()
}

/// A sink that keeps the number of the last event of each account is up to date after one round over all of them.
#[test]
fn a_sink_catches_up_everywhere() {
    let mut world = World::new();
    let mut names = vec!["alice".to_owned()];
    for number in 0..5 {
        let name = format!("user {number}");
        let account = AccountId::new(name.as_str()).unwrap();
        block_on(world.server.add_account(&account)).unwrap();
        for _ in 0..number {
            block_on(world.server.add_token(&account, NewToken::new("VPN"), NOW, &mut world.rng)).unwrap();
        }
        names.push(name);
    }
    for limit in [0, 1, 2, 6, MAX_PAGE, u32::MAX] {
        let (mut seen, mut after) = (BTreeMap::<String, u64>::new(), None);
        loop {
            let page = block_on(world.server.accounts(after.as_ref(), limit)).unwrap();
            assert!(page.accounts.len() <= usize::try_from(limit.max(1)).unwrap() && page.unreadable.is_empty());
            for account in page.accounts {
                let drained = block_on(world.server.drain_audit(&account.account, None)).unwrap();
                assert_eq!((drained.events.len() as u64, drained.missed), (account.events, 0));
                assert!(seen.insert(account.account.to_string(), account.events).is_none(), "twice");
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(seen.keys().eq(&names), "{seen:?}");
        assert!(seen.values().copied().eq([5, 0, 1, 2, 3, 4]));
    }
}

#[test]
fn an_operator_sees_tokens_and_their_state() {
    let mut world = World::new();
    block_on(world.server.set_push((&world.user, world.bank), false, NOW, &mut world.rng)).unwrap();
    for _ in 0..10 {
        let _ = block_on(world.server.verify_passcode(&world.user, "", later(1), &mut world.rng)).unwrap();
    }
    let page = block_on(world.server.accounts(None, 10)).unwrap();
    assert_eq!(page.next, None, "what follows are no accounts");
    let tokens = &page.accounts[0].tokens;
    assert_eq!(*tokens, block_on(world.server.tokens(&world.user)).unwrap());
    assert!(tokens.iter().any(|token| token.id == world.bank && token.push == PushSwitch::Off && !token.disabled));
    assert!(tokens.iter().any(|token| token.id == world.mail && token.disabled));
}

/// One record that cannot be read hides none of the others.
#[test]
fn an_account_of_a_later_version_is_named_and_passed_over() {
    let world = World::new();
    let keys = ["account/aaa", "account/zzz", "account/\u{202e}"].map(|key| Key::new(key).unwrap());
    for key in &keys {
        let put = Store::put_if(&*world.store, key, Expect::Absent, Some(b"\x02"), Hint::NONE);
        let _ = block_on(put).unwrap();
    }
    let page = block_on(world.server.accounts(None, 3)).unwrap();
    assert_eq!((page.accounts.len(), page.unreadable.len()), (1, 2));
    let page = block_on(world.server.accounts(page.next.as_ref(), 3)).unwrap();
    assert_eq!((page.accounts.len(), page.unreadable, page.next), (0, vec![keys[2].clone()], None));
    // A place before all accounts is the beginning.
    let before = Key::new("a").unwrap();
    assert_eq!(block_on(world.server.accounts(Some(&before), 3)).unwrap().accounts.len(), 1);
}
