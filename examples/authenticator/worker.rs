//! The threads behind the screens: one for the device, one for each message on its way.

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    engine::{Engine, Input, Output, Post},
    http::Transport,
    message::Event,
};

/// How often the device looks at the clock.
const TICK: Duration = Duration::from_millis(100);

/// The time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Starts the device. It ends when nobody listens to it any more.
pub(crate) fn start(engine: Engine, transport: Arc<dyn Transport>) -> (Sender<Input>, Receiver<Event>) {
    let (inputs, inbox) = mpsc::channel();
    let (events, outbox) = mpsc::channel();
    let replies = inputs.clone();
    thread::spawn(move || run(engine, (&inbox, &replies), &events, &transport));
    (inputs, outbox)
}

fn run(
    mut engine: Engine,
    (inbox, replies): (&Receiver<Input>, &Sender<Input>),
    events: &Sender<Event>,
    transport: &Arc<dyn Transport>,
) {
    loop {
        engine.tick(now());
        for output in engine.outputs() {
            match output {
                Output::Event(event) => {
                    if events.send(event).is_err() {
                        return;
                    }
                }
                Output::Post(message) => post(message, Arc::clone(transport), replies.clone()),
            }
        }
        if let Ok(input) = inbox.recv_timeout(TICK) {
            engine.handle(input, now());
        }
    }
}

fn post(post: Post, transport: Arc<dyn Transport>, replies: Sender<Input>) {
    thread::spawn(move || {
        let reply = transport.post(&post.url, &post.message, post.patience);
        // Where the device is gone, so is its interest.
        let _ = replies.send(Input::Reply(post.job, reply));
    });
}
