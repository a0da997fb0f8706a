//! One defect, one error; and a database that is refused is left as it was.

use std::{error::Error, fs, time::Duration};

use pg_cluster::Cluster;
use pollster::block_on;
use pushotp_store::{Expect, Hint, Key, MAX_VALUE, Store, StoreError, ValueTooLarge};
use pushotp_store_postgres::{OpenError, Options, PostgresError};

use crate::fixture::{Place, create, key, kind, open, put, source, text, value, won};

/// The name of the error, or `opened`.
fn outcome(url: &str, options: Options) -> String {
    match open(url, options) {
        Ok(_) => "opened".to_owned(),
        Err(error) => format!("{error:?}").split(['(', ' ']).next().unwrap().to_owned(),
    }
}

const OBJECTS: &str = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE nspname = 'pushotp'";

#[test]
fn databases_that_are_no_store() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    // The statements that make the database, in which DB is its name, and the error.
    let cases = [
        ("CREATE SCHEMA pushotp CREATE TABLE users (name text)", "Foreign"),
        ("CREATE SCHEMA pushotp CREATE TABLE store (name text)", "Foreign"),
        ("CREATE SCHEMA pushotp CREATE TABLE store (id int, schema int)", "Foreign"),
        ("CREATE SCHEMA pushotp; CREATE TABLE pushotp.store AS SELECT 1 AS id, 2 AS schema", "Schema"),
        ("CREATE SCHEMA pushotp; CREATE TABLE pushotp.store AS SELECT 1 AS id, 0 AS schema", "Schema"),
        ("CREATE SCHEMA pushotp; CREATE TABLE pushotp.store AS SELECT 1 AS id, -1 AS schema", "Schema"),
        ("ALTER DATABASE DB SET default_transaction_read_only = on", "ReadOnly"),
        ("ALTER DATABASE DB SET synchronous_commit = off", "SynchronousCommit"),
        // The negative controls.
        ("SELECT 1", "opened"),
        ("CREATE SCHEMA pushotp", "opened"),
        ("CREATE SCHEMA other CREATE TABLE store (name text)", "opened"),
        ("ALTER DATABASE DB SET synchronous_commit = local", "opened"),
        ("ALTER DATABASE DB SET default_transaction_isolation = serializable", "opened"),
        ("ALTER DATABASE DB SET search_path = nowhere", "opened"),
    ];
    for (sql, expect) in cases {
        let database = cluster.create_database().unwrap();
        cluster.sql(&database, &sql.replace("DB", &database)).unwrap();
        let before = cluster.sql(&database, OBJECTS).unwrap();
        assert_eq!(outcome(&cluster.url(&database), Options::new()), expect, "{sql}");
        let is_same = cluster.sql(&database, OBJECTS).unwrap() == before;
        assert_eq!(is_same, expect != "opened", "{sql}");
    }
}

#[test]
fn servers_that_would_lose_a_write() {
    let Some(place) = Place::new() else { return };
    let danger = || Options::new().danger_allow_loss_of_writes();
    for (setting, expect) in
        [("fsync", "Fsync"), ("full_page_writes", "FullPageWrites"), ("synchronous_commit", "SynchronousCommit")]
    {
        assert_eq!(outcome(&place.url(), Options::new()), "opened", "{setting} is on");
        place.cluster.set(setting, "off").unwrap();
        assert_eq!(outcome(&place.url(), Options::new()), expect);
        let with_danger = if setting == "synchronous_commit" { expect } else { "opened" };
        assert_eq!(outcome(&place.url(), danger()), with_danger, "{setting}");
        place.cluster.set(setting, "on").unwrap();
    }
    for (change, expect) in [("UNLOGGED", "Unlogged"), ("LOGGED", "opened")] {
        place.sql(&format!("ALTER TABLE pushotp.record SET {change}"));
        assert_eq!(outcome(&place.url(), Options::new()), expect);
    }
}

/// A store that was opened finds out when it connects anew.
#[test]
fn a_server_that_has_changed() {
    let Some(mut place) = Place::new() else { return };
    let store = place.open();
    won(create(&store, "account/alice"));
    place.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", place.database));
    place.cluster.restart().unwrap();
    std::thread::sleep(Duration::from_millis(1_100)); // idle for so long, a connection is tried before it is used
    let error = create(&store, "account/bob").unwrap_err();
    assert!(matches!(error, StoreError::NotApplied(_)), "{error:?}");
    let PostgresError::Refused(error) = source(&error) else { panic!("{error:?}") };
    assert!(matches!(**error, OpenError::SynchronousCommit));
    assert_eq!(place.count(), 1);
}

#[test]
fn addresses_that_lead_nowhere() {
    let cases = [
        ("mysql://localhost/login", "Address"),
        ("postgres://localhost/login?sslmode=sometimes", "Address"),
        ("postgres://localhost/login?no_such_option=1", "Address"),
        ("postgres://db.example/login", "Tls"),
        ("postgres://localhost/login?sslmode=require", "Tls"),
        ("postgres://127.0.0.1:1/login", "Connect"),
        ("user=app", "Connect"),
        ("", "Connect"),
    ];
    for (address, expect) in cases {
        assert_eq!(outcome(address, Options::new()), expect, "{address}");
    }
}

const PASSWORD: &str = "correct-horse";

#[test]
fn a_password_is_in_no_error() {
    let Some(place) = Place::new() else { return };
    place.sql("CREATE ROLE app LOGIN PASSWORD 'correct-horse'");
    let hba = place.cluster.data().join("pg_hba.conf");
    let others = fs::read_to_string(&hba).unwrap();
    fs::write(&hba, format!("host all app 127.0.0.1/32 scram-sha-256\n{others}")).unwrap();
    place.cluster.set("log_connections", "on").unwrap(); // and reads the file again
    let address = |password: &str, database: &str, more: &str| {
        format!("postgres://app:{password}@127.0.0.1:{}/{database}{more}", place.cluster.port())
    };
    let cases = [
        (address(PASSWORD, "no_such_database", ""), "Connect"),
        (address("wrong-horse", &place.database, ""), "Connect"),
        // Not escaped, so that a part of it stands where an option is looked for.
        (address("a@localhost?correct-horse", &place.database, ""), "Address"),
        (address(PASSWORD, &place.database, "?sslmode=correct-horse"), "Address"),
        (address(PASSWORD, &place.database, "?sslmode=require"), "Tls"),
        // Its role may not make the tables.
        (address(PASSWORD, &place.database, ""), "Engine"),
    ];
    for (address, expect) in &cases {
        let error = open(address, Options::new()).unwrap_err();
        let text = text(&error);
        assert!(text.starts_with(expect), "{text}");
        assert!(!text.contains("horse"), "{text}");
    }
    place.sql(&format!("GRANT CREATE ON DATABASE {} TO app", place.database));
    let store = open(&address(PASSWORD, &place.database, ""), Options::new()).unwrap();
    won(create(&store, "account/alice"));
    assert!(!format!("{store:?}").contains("horse"));
}

/// What the README says that a role needs, and no less.
#[test]
fn a_role_with_what_it_needs() {
    let Some(place) = Place::new() else { return };
    drop(place.open()); // makes the tables
    let grants = [
        "USAGE ON SCHEMA pushotp",
        "SELECT, INSERT, UPDATE, DELETE ON pushotp.record",
        "SELECT ON pushotp.store",
        "USAGE ON SEQUENCE pushotp.version",
    ];
    let url = place.url().replace("postgres@", "app@");
    place.sql("CREATE ROLE app LOGIN");
    for grant in grants {
        let error = open(&url, Options::new()).and_then(|store| {
            create(&store, "account/alice").map_err(|error| OpenError::Engine(PostgresError::Malformed(kind(&error).0)))
        });
        assert!(matches!(error, Err(OpenError::Engine(_))), "before {grant}: {error:?}");
        place.sql(&format!("GRANT {grant} TO app"));
    }
    let store = open(&url, Options::new()).unwrap();
    let version = won(create(&store, "account/alice"));
    assert!(block_on(store.put_if(&key("account/alice"), Expect::Version(version), None, Hint::NONE)).is_ok());
}

/// A server quotes the row that it refuses; that goes into no log.
#[test]
fn a_value_is_in_no_error() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    place.sql("ALTER TABLE pushotp.record ADD CHECK (octet_length(value) < 4)");
    let error = put(&store, "account/alice", Expect::Absent, b"\xab\xcd\xef\x01").unwrap_err();
    assert_eq!(kind(&error), ("not applied", "23514".to_owned()));
    let text = text(&error);
    assert!(!text.contains("abcdef") && !text.contains("alice"), "{text}");
    // The negative control: the server does quote it.
    let quoted = place
        .cluster
        .sql(&place.database, r"INSERT INTO pushotp.record (key, version, value) VALUES ('k', 9, '\xabcdef01')");
    assert!(quoted.unwrap_err().to_string().contains("abcdef01"));
}

#[test]
fn values_that_are_too_long() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    let longest = Key::new([0xff; Key::MAX_LEN]).unwrap();
    let error =
        block_on(store.put_if(&longest, Expect::Absent, Some(&vec![0; MAX_VALUE + 1]), Hint::NONE)).unwrap_err();
    assert!(matches!(error, StoreError::NotApplied(_)));
    assert!(error.source().unwrap().is::<ValueTooLarge>());
    assert_eq!(block_on(store.get(&longest)).unwrap(), None);
}

#[test]
fn versions_at_their_end() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    place.sql("SELECT setval('pushotp.version', 9223372036854775806)");
    assert_eq!(won(create(&store, "account/alice")).as_u64(), i64::MAX.unsigned_abs());
    let error = create(&store, "account/bob").unwrap_err();
    assert_eq!(kind(&error), ("not applied", "2200H".to_owned()));
    assert_eq!(value(&store, "account/bob"), None);
    assert_eq!(value(&store, "account/alice").as_deref(), Some(&b"value"[..]));
}

/// Tables that somebody edited: nothing in them is believed, and nothing panics.
#[test]
fn rows_that_were_edited() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    place.sql("ALTER TABLE pushotp.record DROP CONSTRAINT record_key_check, DROP CONSTRAINT record_value_check");
    place.sql("ALTER TABLE pushotp.record DROP CONSTRAINT record_version_check");
    let cases = [
        ("'k', -1, ''", "version"),
        ("'k', 1, convert_to(repeat('x', 65537), 'UTF8')", "value"),
        ("convert_to(repeat('k', 257), 'UTF8'), 1, ''", "key"),
    ];
    for (row, field) in cases {
        place.sql("DELETE FROM pushotp.record");
        place.sql(&format!("INSERT INTO pushotp.record (key, version, value) VALUES ({row})"));
        let error = block_on(store.scan(None, 10)).unwrap_err();
        assert!(matches!(source(&error), PostgresError::Malformed(found) if *found == field), "{row}: {error:?}");
        assert!(matches!(error, StoreError::NotApplied(_)));
        if field != "key" {
            let error = block_on(store.get(&key("k"))).unwrap_err();
            assert!(matches!(source(&error), PostgresError::Malformed(found) if *found == field), "{row}: {error:?}");
        }
    }
    assert_eq!(value(&store, "account/alice"), None);
}
