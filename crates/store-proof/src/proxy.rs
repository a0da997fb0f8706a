//! A network that can be cut between a server and its database, at the one statement that matters.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

/// What becomes of the next write of an account, of which the server hears nothing but that its connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made, and the reply is lost.
    ReplyLost,
    /// It never arrives.
    Lost,
    /// It arrives when the server has decided what to do about it.
    Late,
}

/// Passes bytes on between any number of servers and one address, until it is told to cut.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    cuts: Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    /// What happens to the next write.
    next: Mutex<Option<Fate>>,
    /// Whether nobody may connect.
    closed: Mutex<bool>,
    opened: Condvar,
    /// Statements that are still on their way.
    late: Mutex<Vec<(TcpStream, Vec<u8>)>>,
    cut: Sender<()>,
}

impl Proxy {
    /// In front of a port of this machine.
    pub fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, cuts) = channel();
        let (next, closed, opened, late) = Default::default();
        let shared = Arc::new(Shared { next, closed, opened, late, cut });
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                server.wait_until_open();
                // A database that does not run is one that cannot be reached.
                if let Ok(database) = TcpStream::connect(("127.0.0.1", port)) {
                    pass(&server, &client, &database);
                }
            }
        });
        Self { address, shared, cuts }
    }

    /// Where to connect instead.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts at the next write of an account, and lets nobody connect until it is healed.
    pub fn cut_at_next_write(&self, fate: Fate) {
        *self.shared.next.lock().unwrap() = Some(fate);
    }

    /// Waits for the cut.
    pub fn wait_for_cut(&self) {
        self.cuts.recv().unwrap();
    }

    /// Lets servers connect again.
    pub fn heal(&self) {
        *self.shared.closed.lock().unwrap() = false;
        self.shared.opened.notify_all();
    }

    /// Delivers what is late, and waits for the database to have seen it.
    pub fn deliver(&self) {
        for (mut database, statement) in self.shared.late.lock().unwrap().drain(..) {
            database.write_all(&statement).unwrap();
            self.cuts.recv().unwrap();
        }
    }
}

impl Shared {
    fn wait_until_open(&self) {
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
    }

    /// The fate of these bytes, if they are a write of an account and it has one.
    fn fate(&self, bytes: &[u8]) -> Option<Fate> {
        // A read has the key alone; a write has the record, of which the smallest has hundreds of bytes.
        let names_account = bytes.windows(8).any(|window| window == b"account/");
        let fate = (bytes.len() > 400 && names_account).then(|| self.next.lock().unwrap().take()).flatten();
        if fate.is_some() {
            *self.closed.lock().unwrap() = true;
        }
        fate
    }
}

/// Passes on in both directions, a thread each, until one end closes or the fate of a write says so.
fn pass(shared: &Arc<Shared>, client: &TcpStream, database: &TcpStream) {
    let is_cut = Arc::new(AtomicBool::new(false));
    let [to_client, to_database] = [client, database].map(|stream| stream.try_clone().unwrap());
    let [from_client, from_database] = [client, database].map(|stream| stream.try_clone().unwrap());
    let (here, there) = (Arc::clone(shared), Arc::clone(shared));
    let cut = Arc::clone(&is_cut);
    thread::spawn(move || pass_requests(&here, (from_client, to_database), &cut));
    thread::spawn(move || pass_replies(&there, (from_database, to_client), &is_cut));
}

fn pass_requests(shared: &Shared, (mut from, mut to): (TcpStream, TcpStream), cut: &AtomicBool) {
    let mut is_late = false;
    pump(&mut from, |bytes| {
        let fate = shared.fate(bytes);
        cut.fetch_or(fate.is_some(), Ordering::SeqCst);
        match fate {
            None | Some(Fate::ReplyLost) => return to.write_all(bytes).is_ok(),
            Some(Fate::Lost) => {}
            Some(Fate::Late) => {
                is_late = true;
                shared.late.lock().unwrap().push((to.try_clone().unwrap(), bytes.to_vec()));
            }
        }
        shared.cut.send(()).unwrap();
        false
    });
    let _ = from.shutdown(Shutdown::Both);
    if !is_late {
        let _ = to.shutdown(Shutdown::Both);
    }
}

fn pass_replies(shared: &Shared, (mut from, mut to): (TcpStream, TcpStream), is_cut: &AtomicBool) {
    pump(&mut from, |bytes| {
        if is_cut.load(Ordering::SeqCst) {
            let _ = shared.cut.send(());
            return false;
        }
        to.write_all(bytes).is_ok()
    });
    let _ = to.shutdown(Shutdown::Both);
}

/// Until the end, or until `pass_on` is done.
fn pump(from: &mut TcpStream, mut pass_on: impl FnMut(&[u8]) -> bool) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !pass_on(&bytes[..length]) {
            return;
        }
    }
}
