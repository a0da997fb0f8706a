//! What waits, what is refused, and callers that go away.

use std::{
    task::{Context, Poll, Waker},
    thread,
};

use pollster::block_on;
use pushotp_store::{Cas, DynStore, Expect, Hint, Key, StoreError};
use pushotp_store_postgres::PostgresError;
use tokio::runtime::Builder;

use crate::fixture::{Place, create, key, kind, source, value, won};

fn poll<T>(future: &mut pushotp_store::BoxFuture<'_, T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Callers that leave take nothing with them, and no answer reaches another question.
#[test]
fn futures_that_are_dropped() {
    let Some(place) = Place::new() else { return };
    let store = place.open_hasty(2);
    let names: Vec<Key> = (0..300).map(|number| key(&format!("account/{number}"))).collect();
    for (number, name) in names.iter().enumerate() {
        let mut write = store.put_if(name, Expect::Absent, Some(name.as_bytes()), Hint::NONE);
        let _ = poll(&mut write);
        let mut read = store.get(name);
        let _ = poll(&mut read);
        drop((write, read));
        if number % 10 == 0 {
            let asked = format!("other/{number}");
            won(create(&store, &asked));
            assert_eq!(value(&store, &asked).as_deref(), Some(&b"value"[..]));
        }
    }
    for name in &names {
        let found = block_on(store.get(name)).unwrap();
        assert!(found.is_none_or(|found| found.value == name.as_bytes()), "an answer to another question");
    }
}

/// One connection, and others hold what the first write wants.
#[test]
fn a_full_queue_refuses() {
    let Some(place) = Place::new() else { return };
    let store = place.open_hasty(1);
    let held = place.hold("LOCK TABLE pushotp.record IN EXCLUSIVE MODE");
    let names: Vec<Key> = (0..2_000).map(|number| key(&format!("account/{number}"))).collect();
    let (mut waiting, mut refused) = (Vec::new(), None);
    for name in &names {
        let mut write = store.put_if(name, Expect::Absent, Some(b"1"), Hint::NONE);
        match poll(&mut write) {
            Poll::Pending => waiting.push(write),
            Poll::Ready(outcome) => {
                refused = Some(outcome.unwrap_err());
                break;
            }
        }
    }
    let refused = refused.unwrap();
    assert!(matches!(refused, StoreError::NotApplied(_)));
    assert!(matches!(source(&refused), PostgresError::QueueFull));
    // All that wait are answered, and none was written.
    let kinds: Vec<_> = waiting.into_iter().map(|write| kind(&block_on(write).unwrap_err())).collect();
    assert!(kinds.iter().all(|(kind, _)| *kind == "not applied"), "{kinds:?}");
    assert!(kinds.iter().any(|(_, code)| code == "55P03"), "one was sent");
    assert!(kinds.iter().any(|(_, code)| code == "Busy"), "others waited for its connection");
    held.release();
    assert_eq!(place.count(), 0);
    won(create(&store, "account/alice"));
}

/// On no runtime, on one, and on another thread; dropped inside of one, too.
#[test]
fn any_executor_will_do() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    won(create(&store, "account/none"));
    let runtime = Builder::new_current_thread().build().unwrap(); // without its timers and events
    runtime.block_on(async {
        let inner = pushotp_store_postgres::PostgresStore::open(&place.url()).await.unwrap();
        let name = key("account/tokio");
        assert!(matches!(inner.put_if(&name, Expect::Absent, Some(b"1"), Hint::NONE).await, Ok(Cas::Won(_))));
        drop(inner);
    });
    thread::scope(|scope| scope.spawn(|| won(create(&store, "account/thread"))).join().unwrap());
    assert_eq!(place.count(), 3);
}

/// Its connections are closed with a word of goodbye, soon.
#[test]
fn a_store_that_is_dropped_leaves() {
    let Some(place) = Place::new() else { return };
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pushotp'";
    let store = place.open();
    won(create(&store, "account/alice"));
    assert_eq!(place.sql(sessions), "1");
    drop(store);
    while place.sql(sessions) != "0" {
        thread::yield_now();
    }
    assert!(!place.cluster.log().contains("unexpected EOF"));
}
