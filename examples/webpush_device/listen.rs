//! Connections on loopback, each with a thread of its own, at most so many at once.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

const MAX_OPEN: usize = 64;
/// How long a peer may be silent while it owes something.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn bind() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
}

/// Serves for as long as the program runs.
pub(crate) fn serve(listener: TcpListener, answer: impl Fn(TcpStream) + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let answer = Arc::clone(&answer);
            // Each open connection holds one; so do this thread and the connection that begins.
            if Arc::strong_count(&answer) > MAX_OPEN + 2 || be_patient(&stream).is_err() {
                continue;
            }
            let _ = thread::Builder::new().spawn(move || answer(stream));
        }
    });
}

fn be_patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}
