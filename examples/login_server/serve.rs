//! Connections: a browser or a device that sends nothing does not keep one for ever.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

use crate::visitor::Peer;

/// How long a client may take for the head of a request; also how long an unused connection lives.
const HEAD: Duration = Duration::from_secs(30);
/// How many connections there are at most: more wait their turn.
const CONNECTIONS: usize = 1024;
/// How long to wait after a connection could not be taken, for lack of file handles most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is done. Pages that wait connect again to the next server.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::pin!(stop);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    connection(stream, peer, router).await;
                    drop(place);
                });
            }
            Err(error) => refused(&error).await,
        }
    }
}

async fn refused(error: &io::Error) {
    eprintln!("login_server: a connection could not be taken: {error}");
    tokio::time::sleep(PAUSE).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router) {
    // An event must not wait for more of its kind.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        request
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(32 * 1024);
    // A browser that goes away in the middle is no event.
    let _ = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}
