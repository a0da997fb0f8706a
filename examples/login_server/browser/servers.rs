//! A server that dies while a page waits, and two servers on one database.

use pg_cluster::Cluster;
use webdriver::{Browser, Options};

use crate::{server::Server, world::World};

#[test]
fn killed_and_started_again_while_the_page_waits() {
    let Some(mut world) = World::new() else { return };
    let mut phone = world.enrol();
    let number = world.send();
    world.server.kill();
    assert_eq!(world.number(), number, "the page stands");
    world.server.start_again();
    let left = phone.approve(&number);
    world.is_signed_in();
    world.print_flip("after a restart", left);
    // The browser says of its first attempts that nobody was there, and nothing else.
    let told = world.wrong_but("net::ERR_");
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn the_phone_talks_to_another_server_than_the_browser() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("shared.keys");
    let db = cluster.url(&cluster.create_database().unwrap());
    let shared = ["--db", &db, "--keys", keys.to_str().unwrap()];
    let (server, other) = (Server::start(&shared), Server::start(&shared));
    let world = World { browser, server, folder };

    let mut phone = world.enrol();
    phone.turn_to(&other.url);
    for round in 1..=2 {
        let number = world.send();
        let left = phone.approve(&number);
        world.is_signed_in();
        world.print_flip(&format!("two servers, round {round}"), left);
        world.click("#sign-out");
        world.type_name_and_password();
    }
    world.send();
    let denied = phone.deny();
    world.shows("#denied");
    phone.report(denied);
    world.shows("#reported");
    world.nothing_is_wrong();
}
