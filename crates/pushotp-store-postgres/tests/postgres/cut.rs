//! A network that fails between the store and the server, at a moment of our choice.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use pollster::block_on;
use pushotp_store::{Cas, Expect, Hint, Store, StoreError};
use pushotp_store_postgres::{Options, PostgresStore};

use crate::fixture::{Place, create, key, kind, open, put, value, won};

/// What happens to the next bytes; all that follow pass.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// The server answers, and the answer does not arrive.
    CutReply,
    /// What is sent does not arrive.
    CutRequest,
    /// What is sent does not arrive, and nobody is told.
    Swallow,
}

/// Passes bytes on.
struct Proxy {
    port: u16,
    next: Arc<Mutex<Option<Fault>>>,
    is_refusing: Arc<AtomicBool>,
}

impl Proxy {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (next, is_refusing) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
        let (fault, refuse) = (Arc::clone(&next), Arc::clone(&is_refusing));
        thread::spawn(move || {
            for client in listener.incoming().flatten().filter(|_| !refuse.load(Ordering::SeqCst)) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                pump(&client, &server, &fault, [Fault::CutRequest, Fault::Swallow]);
                pump(&server, &client, &fault, [Fault::CutReply, Fault::CutReply]);
            }
        });
        Self { port, next, is_refusing }
    }

    fn plan(&self, fault: Fault) {
        *self.next.lock().unwrap() = Some(fault);
    }

    /// It has happened.
    fn is_done(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }

    fn open(&self, place: &Place) -> PostgresStore {
        let url = format!("postgres://postgres@127.0.0.1:{}/{}", self.port, place.database);
        open(&url, Options::new().timeout(Duration::from_secs(2))).unwrap()
    }
}

fn pump(from: &TcpStream, to: &TcpStream, next: &Arc<Mutex<Option<Fault>>>, here: [Fault; 2]) {
    let (mut from, mut to, next) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(next));
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            let fault = next.lock().unwrap().take_if(|fault| here.contains(fault));
            match fault {
                None => to.write_all(&bytes[..len]).unwrap_or_default(),
                Some(Fault::Swallow) => {}
                Some(_) => break,
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[test]
fn a_cut_between_commit_and_reply() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    let mut expect = Expect::Absent;
    for round in 0..20_u8 {
        proxy.plan(Fault::CutReply);
        let error = put(&store, "account/alice", expect, &[round]).unwrap_err();
        assert!(proxy.is_done());
        assert_eq!(kind(&error).0, "unknown", "{error:?}");
        // On a new connection, which the store makes by itself.
        let found = block_on(store.get(&key("account/alice"))).unwrap().unwrap();
        assert_eq!(found.value, [round], "it was written");
        assert_eq!(put(&store, "account/alice", expect, b"again").unwrap(), Cas::Lost, "once");
        expect = Expect::Version(found.version);
    }
}

#[test]
fn a_cut_before_the_statement_arrives() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    for (fault, times) in [(Fault::CutRequest, 20), (Fault::Swallow, 2)] {
        for _ in 0..times {
            proxy.plan(fault);
            let error = create(&store, "account/alice").unwrap_err();
            assert!(proxy.is_done());
            assert!(matches!(error, StoreError::Unknown(_) | StoreError::NotApplied(_)), "{error:?}");
            assert_eq!(value(&store, "account/alice"), None);
        }
    }
    won(create(&store, "account/alice"));
}

/// Nothing was sent, because nobody took the connection.
#[test]
fn a_server_that_is_not_there() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    proxy.is_refusing.store(true, Ordering::SeqCst);
    proxy.plan(Fault::CutRequest);
    let _ = create(&store, "account/alice").unwrap_err(); // the connection that was there
    for _ in 0..5 {
        let error = create(&store, "account/alice").unwrap_err();
        assert_eq!(kind(&error), ("not applied", "Connection".to_owned()));
    }
    proxy.is_refusing.store(false, Ordering::SeqCst);
    won(create(&store, "account/alice"));
}

/// A read is repeated, for it changes nothing.
#[test]
fn a_read_outlives_a_cut() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    won(create(&store, "account/alice"));
    for fault in [Fault::CutReply, Fault::CutRequest] {
        proxy.plan(fault);
        assert_eq!(value(&store, "account/alice").as_deref(), Some(&b"value"[..]));
        assert!(proxy.is_done());
        proxy.plan(fault);
        assert_eq!(block_on(store.scan(None, 10)).unwrap().len(), 1);
        assert!(proxy.is_done());
    }
}

/// A connection that died in silence while nobody used it is tried before it is trusted with a write.
#[test]
fn a_connection_that_is_dead_and_does_not_know() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    thread::sleep(Duration::from_millis(1_100));
    proxy.plan(Fault::Swallow);
    won(create(&store, "account/alice"));
    assert!(proxy.is_done());
}

/// Deletions are writes, too.
#[test]
fn a_deletion_that_is_cut() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::to(place.cluster.port());
    let store = proxy.open(&place);
    let expect = Expect::Version(won(create(&store, "account/alice")));
    for fault in [Fault::CutRequest, Fault::CutReply] {
        proxy.plan(fault);
        let error = block_on(store.put_if(&key("account/alice"), expect, None, Hint::NONE)).unwrap_err();
        assert_eq!(kind(&error).0, "unknown");
        assert_eq!(value(&store, "account/alice").is_none(), fault == Fault::CutReply);
    }
}
