//! A password is not told apart from a name, and not guessed.

use crate::{passwords::Verdict, session::Realm, world::World};

async fn tried(world: &World, name: &str, password: &str) -> Verdict {
    world.app.verify_password((Realm::User, name), password.to_owned().into()).await.unwrap()
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let world = World::new().await;
    let mut texts = Vec::new();
    for (user, password) in [("alice", "wrong"), ("bob", "wonderland"), ("operator", "looking-glass"), ("", "")] {
        let mut browser = world.browser();
        browser.get("/").await;
        let answer = browser.post("/sign-in", &[("user", user), ("password", password)]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.has("note"));
        let text = answer.text.replace(&browser.token, "").replace(&format!("value=\"{user}\""), "value=\"\"");
        texts.push(text);
        assert_eq!(browser.get("/choose").await.location(), "/");
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
    assert_eq!(tried(&world, "alice", "wonderland").await, Verdict::Right, "the control");
}

#[tokio::test]
async fn guesses_are_slowed_down_for_names_that_exist_and_for_others() {
    let world = World::new().await;
    for name in ["alice", "nobody"] {
        for _ in 0..5 {
            assert_eq!(tried(&world, name, "wrong").await, Verdict::Wrong);
        }
        assert_eq!(tried(&world, name, "wonderland").await, Verdict::Wait(1), "not even the right one");
        world.pass(1);
        assert_eq!(tried(&world, name, "wrong").await, Verdict::Wrong);
        assert_eq!(tried(&world, name, "wrong").await, Verdict::Wait(2));
    }
    // Its owner is kept out for a minute at most, however many guesses there were.
    for _ in 0..20 {
        world.pass(60);
        assert_eq!(tried(&world, "alice", "wrong").await, Verdict::Wrong);
    }
    world.pass(59);
    assert_eq!(tried(&world, "alice", "wonderland").await, Verdict::Wait(1));
    world.pass(1);
    assert_eq!(tried(&world, "alice", "wonderland").await, Verdict::Right);
    assert_eq!(tried(&world, "alice", "wrong").await, Verdict::Wrong, "counted anew");
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_not_one() {
    let world = World::new().await;
    let guesses = (0..100).map(|_| tried(&world, "alice", "wrong"));
    let verdicts = futures_util::future::join_all(guesses).await;
    let wrong = verdicts.iter().filter(|verdict| **verdict == Verdict::Wrong).count();
    assert!((1..=5).contains(&wrong), "{wrong} were verified");
}

#[tokio::test]
async fn a_name_is_no_way_to_another_entry() {
    let world = World::new().await;
    for name in ["../operator/operator", "alice/", "alice\0", &"a".repeat(300), "ALICE"] {
        assert_eq!(tried(&world, name, "looking-glass").await, Verdict::Wrong, "{name}");
        assert_eq!(tried(&world, name, "wonderland").await, Verdict::Wrong, "{name}");
    }
}
