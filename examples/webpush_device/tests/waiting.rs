//! How long a message waits for a device that is not there, and when an endpoint is gone.

use serde_json::json;

use crate::fixture::{NOW, World, nothing_waits};

#[test]
fn without_a_time_to_live_it_is_for_who_is_there() {
    let world = World::new();
    let (mut agent, _, post) = world.subscribed();
    assert_eq!(post.clone().ttl(0).status(), 201);
    assert_eq!(agent.receive().unwrap().body, post.body);
    let uaid = agent.uaid.clone();
    drop(agent);
    assert_eq!(post.ttl(0).status(), 201);
    // The first is not acknowledged, and still does not come again.
    assert!(nothing_waits(&mut world.again(&uaid)));
}

#[test]
fn it_waits_until_it_is_acknowledged() {
    let world = World::new();
    let (agent, _, post) = world.subscribed();
    let uaid = agent.uaid.clone();
    drop(agent);
    assert_eq!(post.ttl(60).status(), 201);
    for _ in 0..2 {
        let mut agent = world.again(&uaid);
        agent.receive().unwrap();
        assert!(nothing_waits(&mut agent), "once for each connection");
    }
    let mut agent = world.again(&uaid);
    let carried = agent.receive().unwrap();
    agent.acknowledge(&carried).unwrap();
    assert!(nothing_waits(&mut agent)); // the acknowledgement has been read
    assert!(nothing_waits(&mut world.again(&uaid)));
    // Another device gets nothing of it.
    assert!(nothing_waits(&mut world.agent()));
}

#[test]
fn it_waits_for_its_time() {
    let world = World::new();
    let (agent, _, post) = world.subscribed();
    let uaid = agent.uaid.clone();
    drop(agent);
    assert_eq!(post.ttl(60).status(), 201);
    world.at(NOW + 59);
    world.again(&uaid).receive().unwrap();
    world.at(NOW + 60);
    assert!(nothing_waits(&mut world.again(&uaid)));
}

#[test]
fn the_newest_sixteen_wait() {
    let world = World::new();
    let (agent, _, post) = world.subscribed();
    let uaid = agent.uaid.clone();
    drop(agent);
    for number in 0..17 {
        assert_eq!(post.clone().body(&[number]).status(), 201);
    }
    // What is not kept displaces nothing.
    assert_eq!(post.ttl(0).status(), 201);
    let mut agent = world.again(&uaid);
    let bodies: Vec<_> = (0..16).map(|_| agent.receive().unwrap().body[0]).collect();
    assert_eq!(bodies, (1..17).collect::<Vec<_>>());
    assert!(nothing_waits(&mut agent));
}

#[test]
fn an_endpoint_that_is_given_up_is_gone() {
    let world = World::new();
    let (mut agent, channel, post) = world.subscribed();
    let (_, _, other) = world.subscribed();
    let unregister = |channel: &str| json!({ "messageType": "unregister", "channelID": channel });
    let mut stranger = world.agent();
    stranger.send(&unregister(&channel)).unwrap();
    stranger.read().unwrap();
    assert_eq!(post.status(), 201, "only its owner gives it up");
    agent.receive().unwrap();

    agent.send(&unregister(&channel)).unwrap();
    let answer = agent.read().unwrap();
    assert_eq!((&answer["messageType"], &answer["status"]), (&json!("unregister"), &json!(200)));
    assert_eq!(post.status(), 410);
    assert_eq!(other.status(), 201);
    assert!(nothing_waits(&mut world.again(&agent.uaid)), "what waited is gone with it");
}
