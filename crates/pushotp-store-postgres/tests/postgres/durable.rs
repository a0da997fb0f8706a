//! What is told is committed, and what fails is told as it failed.

use std::{thread, time::Duration};

use pollster::block_on;
use pushotp_store::{Cas, Expect, Hint, Store, UnixTime};

use crate::fixture::{Place, create, key, kind, value, won};

/// What each write finds in its session.
const WITNESS: &str = "
    CREATE TABLE witness (synchronous_commit text, isolation text, application text);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.witness VALUES (current_setting('synchronous_commit'),
            current_setting('transaction_isolation'), current_setting('application_name'));
        RETURN NEW;
    END $$;
    CREATE TRIGGER see BEFORE INSERT ON pushotp.record FOR EACH ROW EXECUTE FUNCTION see()";

#[test]
fn each_write_is_synchronous_whatever_becomes_of_the_settings() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    place.sql(WITNESS);
    won(create(&store, "account/alice"));
    place.cluster.set("synchronous_commit", "off").unwrap();
    place.cluster.set("default_transaction_isolation", "serializable").unwrap();
    won(create(&store, "account/bob"));
    assert_eq!(place.sql("SELECT DISTINCT * FROM witness"), "on|read committed|pushotp");
    assert_eq!(place.sql("SELECT count(*) FROM witness"), "2");
}

#[test]
fn another_program_finds_the_row() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    let version = won(create(&store, "account/alice")).as_u64();
    let row = place.sql("SELECT encode(key, 'escape'), version, encode(value, 'escape'), expires FROM pushotp.record");
    assert_eq!(row, format!("account/alice|{version}|value|"));
    let storage = "SELECT reloptions, relpersistence FROM pg_class WHERE oid = 'pushotp.record'::regclass";
    assert_eq!(place.sql(storage), "{fillfactor=50}|p");
}

/// For whoever collects garbage.
#[test]
fn the_hint_is_kept_and_replaced() {
    let Some(place) = Place::new() else { return };
    let (store, key) = (place.open(), key("challenge/1"));
    let mut expect = Expect::Absent;
    let late = Hint::expires_at(UnixTime::from_secs(u64::MAX));
    for (hint, stored) in
        [(Hint::expires_at(UnixTime::from_secs(9)), "9"), (Hint::NONE, ""), (late, "9223372036854775807")]
    {
        expect = Expect::Version(won(block_on(store.put_if(&key, expect, Some(b"open"), hint))));
        assert_eq!(place.sql("SELECT expires FROM pushotp.record"), stored);
    }
}

/// A trigger that fails with this code, at once or in the commit.
fn plant(place: &Place, code: &str, when: &str) {
    place.sql(&format!(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'planted' USING ERRCODE = '{code}'; END $$;
         CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON pushotp.record DEFERRABLE INITIALLY {when}
             FOR EACH ROW EXECUTE FUNCTION fail()"
    ));
}

/// The client has the row's version before the server commits; it is told nothing until then.
#[test]
fn a_failure_is_told_as_it_is_known() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    won(create(&store, "account/alice"));
    for when in ["IMMEDIATE", "DEFERRED"] {
        for (code, expect) in [
            ("23000", "not applied"),
            ("40001", "not applied"),
            ("40P01", "not applied"),
            ("22023", "not applied"),
            ("42501", "not applied"),
            ("P0001", "unknown"),
            ("57014", "unknown"),
            ("40003", "unknown"),
            ("53100", "unknown"),
            ("XX000", "unknown"),
        ] {
            plant(&place, code, when);
            let error = create(&store, "account/bob").unwrap_err();
            assert_eq!(kind(&error), (expect, code.to_owned()), "{when}");
            assert_eq!(value(&store, "account/bob"), None, "{when} {code}");
            place.sql("DROP TRIGGER fails ON pushotp.record");
        }
    }
    won(create(&store, "account/bob"));
}

/// Others hold the row for longer than anybody waits.
#[test]
fn a_locked_row_is_not_written() {
    let Some(place) = Place::new() else { return };
    let store = place.open_hasty(2);
    let expect = Expect::Version(won(create(&store, "account/alice")));
    let held = place.hold("SELECT FROM pushotp.record FOR UPDATE");
    let write = || block_on(store.put_if(&key("account/alice"), expect, Some(b"other"), Hint::NONE));
    assert_eq!(kind(&write().unwrap_err()), ("not applied", "55P03".to_owned()));
    assert_eq!(value(&store, "account/alice").as_deref(), Some(&b"value"[..]), "a read waits for nobody");
    held.release();
    won(write());
}

/// A statement that takes too long is ended by the server.
#[test]
fn a_slow_statement_is_unknown() {
    let Some(place) = Place::new() else { return };
    let store = place.open_hasty(2);
    place.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
         CREATE TRIGGER slow BEFORE INSERT ON pushotp.record FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    assert_eq!(kind(&create(&store, "account/alice").unwrap_err()), ("unknown", "57014".to_owned()));
    place.sql("DROP TRIGGER slow ON pushotp.record");
    won(create(&store, "account/alice"));
}

const CANCEL: &str = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// A commit that waits for a standby, until somebody ends the wait: the server then says yes, and warns.
#[test]
fn a_commit_that_is_not_replicated_is_unknown() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    place.cluster.set("synchronous_standby_names", "nobody").unwrap();
    let error = thread::scope(|scope| {
        let writer = scope.spawn(|| create(&store, "account/alice"));
        // Until it waits, and is cancelled.
        while place.sql(CANCEL) != "t" {
            assert!(!writer.is_finished(), "it does not wait");
            thread::sleep(Duration::from_millis(20));
        }
        writer.join().unwrap().unwrap_err()
    });
    assert_eq!(kind(&error), ("unknown", "01000".to_owned()));
    assert_eq!(value(&store, "account/alice").as_deref(), Some(&b"value"[..]), "it is on this machine");
}

/// Nobody ends the wait: the store gives up.
#[test]
fn a_commit_that_waits_for_ever_is_unknown() {
    let Some(place) = Place::new() else { return };
    let store = place.open_hasty(2);
    place.cluster.set("synchronous_standby_names", "nobody").unwrap();
    assert_eq!(kind(&create(&store, "account/alice").unwrap_err()), ("unknown", "TimedOut".to_owned()));
    // Its transaction is still open, so it is not seen, and nobody else can write the key.
    assert_eq!(value(&store, "account/alice"), None);
    assert_eq!(kind(&create(&store, "account/alice").unwrap_err()), ("not applied", "55P03".to_owned()));
    place.cluster.sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names").unwrap();
    place.cluster.sql("postgres", "SELECT pg_reload_conf()").unwrap();
    let outcome = (0..100).find_map(|_| create(&store, "account/alice").ok());
    assert_eq!(outcome, Some(Cas::Lost), "the first write has landed after all");
}
