//! Pictures of every page, for people to look at: as a phone and as a desk shows it, light and dark.

use serde_json::json;
use webdriver::Options;

use crate::{
    phone::{Phone, WRONG_PIN},
    server::Server,
    world::World,
};

/// Name, width and least height, in CSS pixels.
const WINDOWS: [(&str, u32, u32); 2] = [("phone", 360, 740), ("desk", 1280, 800)];

/// Pages that stand for a moment only, or after a fault. Their texts are shown in the frame of another one.
const RARE: [(&str, &str); 5] = [
    ("moment", include_str!("../pages/moment.html")),
    ("sending", include_str!("../pages/sending.html")),
    ("used", include_str!("../pages/used.html")),
    ("refused", include_str!("../pages/refused.html")),
    ("failure", include_str!("../pages/failure.html")),
];

impl World {
    /// Pictures of the page, which must fit into each window.
    fn shoot(&self, name: &str) {
        for (window, width, height) in WINDOWS {
            self.browser.resize(width, height).unwrap();
            assert_eq!(self.too_wide(), 0, "{name} on a {window}");
            let whole = self.browser.run("return document.documentElement.scrollHeight", &[]).unwrap();
            self.browser.resize(width, u32::try_from(whole.as_u64().unwrap()).unwrap()).unwrap();
            for colours in ["light", "dark"] {
                self.browser.prefer_dark(colours == "dark").unwrap();
                self.browser.screenshot(&World::pictures().join(format!("{name}-{window}-{colours}.png"))).unwrap();
            }
        }
    }

    /// The page that has this, in pictures.
    fn shoots(&self, css: &str, name: &str) {
        self.shows(css);
        self.shoot(name);
    }

    fn forget_cookies(&self) {
        self.browser.cdp("Network.clearBrowserCookies", &json!({})).unwrap();
    }

    /// Another server on the same file.
    fn another_server(&self, arguments: &[&str]) -> Server {
        let db = self.folder.path().join("login.db");
        Server::start(&[&["--db", db.to_str().unwrap()], arguments].concat())
    }

    fn try_password(&self, name: &str) {
        self.enter(name, "wonderful");
        self.shows("#note");
    }
}

#[test]
fn pages_of_the_first_sign_in_and_the_phone_that_is_set_up() {
    let Some(world) = World::with(&Options::default(), &[]) else { return };
    world.open("/");
    world.shoots("#password", "sign-in");
    world.try_password("alice");
    world.shoot("sign-in-wrong");
    world.open("/");
    world.type_name_and_password();
    world.shoots("#offer", "enrol-start");

    let hasty = world.another_server(&["--offer-seconds", "1"]);
    world.browser.open(&hasty.url("/enrol")).unwrap();
    world.click("#offer");
    world.shoots("#enrol-over", "enrol-over");
    world.open("/enrol");
    world.click("#offer");
    world.shoots("#qr", "enrol");
    world.scan_shown();
    world.shoots("#match", "compare");
    world.click("#differ");
    world.shoots("h1#differ", "differ");
    for _ in 0..2 {
        world.forget_cookies();
        world.sign_in();
        world.click("#offer");
        world.shows("#qr");
    }
    world.forget_cookies();
    world.sign_in();
    world.click("#offer");
    world.shoots("#enrol-full", "enrol-full");
    for (name, body) in RARE {
        world.browser.run("document.querySelector('main').innerHTML = arguments[0]", &[json!(body)]).unwrap();
        world
            .browser
            .run("document.querySelectorAll('form').forEach((form) => form.firstChild.remove())", &[])
            .unwrap();
        world.shoots(&format!("#{name}"), name);
    }
    world.nothing_is_wrong();
    pages_of_errors(&world);
    the_checks_can_fail(&world);
}

fn pages_of_errors(world: &World) {
    world.open("/nowhere");
    world.shoots("#not-found", "not-found");
    world.forget_cookies();
    world.open("/");
    world.forget_cookies();
    world.type_name_and_password();
    world.shoots("#forbidden", "forbidden");
    let told = world.browser.console().unwrap();
    let (missing, refused) = (told[0].contains("status of 404"), told[1].contains("status of 403"));
    assert!(missing && refused && told.len() == 2, "{told:#?}");
}

/// A page that is too wide is noticed, and so is what the policy stops.
fn the_checks_can_fail(world: &World) {
    world.open("/");
    world.browser.resize(360, 740).unwrap();
    let sheet = "document.styleSheets[0].insertRule('h1 { width: 350px }')";
    assert_eq!(world.too_wide(), 0);
    world.browser.run(sheet, &[]).unwrap();
    assert_eq!(world.too_wide(), 31, "the paddings and the border of the left side");
    world.nothing_is_wrong();
    world.browser.run("document.body.setAttribute('style', 'color: red')", &[]).unwrap();
    assert!(world.browser.console().unwrap()[0].contains("Content Security Policy"));
}

#[test]
fn pages_of_a_login() {
    let Some(world) = World::new() else { return };
    let mut phone = world.enrol();
    world.shoots("#note", "choose-enrolled");
    world.open("/choose");
    world.shoots("#push", "choose");
    world.click("#push");
    world.shoots("#number", "wait");
    let _ = phone.deny();
    world.shoots("#denied", "denied");
    world.click("#again");
    let wrong = World::wrong(&world.number());
    let (prompt, everyday) = (phone.prompt(), phone.everyday);
    phone.answer((prompt, everyday), (&wrong, None));
    world.shoots("#wrong-number", "wrong-number");
    world.click("#again");
    three_wrong_pins(&world, &mut phone);
    world.shoots("#wrong-pin", "wrong-pin");
    world.click("#again");
    phone.approve(&world.number());
    pages_behind_the_login(&world);
    world.type_name_and_password();
    world.shows("#push");
    pages_of_what_comes_between(&world);
    world.open("/choose");
    world.send();
    let denied = phone.deny();
    phone.report(denied);
    world.shoots("#reported", "reported");
    world.open("/choose");
    world.click("#push");
    world.shoots("#no-phone", "no-phone");
    pages_of_passcodes(&world);
    pages_of_the_operator(&world, &mut phone);
    // The fifth since the last success, and one more.
    world.open("/choose");
    world.send();
    world.click("#cancel");
    world.click("#push");
    world.shoots("#too-many", "too-many");
    world.nothing_is_wrong();
}

fn pages_behind_the_login(world: &World) {
    world.shoots("#home", "home");
    world.click(".tokens button[value=off]");
    world.shoots(".tokens button[value=on]", "home-switched-off");
    world.click(".tokens button[value=on]");
    world.browser.gone(".tokens button[value=on]").unwrap();
    world.click("#sign-out");
}

fn three_wrong_pins(world: &World, phone: &mut Phone) {
    let number = world.number();
    for _ in 0..3 {
        let (prompt, work) = (phone.prompt(), phone.work);
        phone.answer((prompt, work), (&number, Some(WRONG_PIN)));
    }
}

fn pages_of_what_comes_between(world: &World) {
    let hasty = world.another_server(&["--challenge-seconds", "1"]);
    world.browser.open(&hasty.url("/choose")).unwrap();
    world.click("#push");
    world.shoots("#expired", "expired");
    world.open("/choose");
    world.send();
    // By its other name the server has other cookies: somebody else's browser.
    let here = world.browser.tab().unwrap();
    world.browser.new_tab().unwrap();
    world.browser.open(&world.server.url("/").replace("127.0.0.1", "localhost")).unwrap();
    world.type_name_and_password();
    world.send();
    world.browser.to_tab(&here).unwrap();
    world.shoots("#withdrawn", "withdrawn");
}

fn pages_of_passcodes(world: &World) {
    world.open("/passcode");
    world.shoots("#passcode", "passcode");
    for wrong in 0..10 {
        world.browser.find("#passcode").unwrap().enter(&format!("0000000{wrong}")).unwrap();
        world.click("#submit");
        world.shows("#note");
    }
    world.shoot("passcode-wrong");
}

fn pages_of_the_operator(world: &World, phone: &mut Phone) {
    world.open("/operator");
    world.shoots("#password", "operator-sign-in");
    world.try_password("operator");
    world.shoot("operator-sign-in-wrong");
    world.open("/operator");
    world.enter("operator", "looking-glass");
    world.shoots("#desk", "operator");
    world.browser.find_text("#incidents", "reported").unwrap();
    for action in ["push", "unlock"] {
        let css = format!("#accounts form[action$={action}] button:not([value=off])");
        while let Some(button) = world.browser.all(&css).unwrap().first() {
            button.click().unwrap();
            world.shows("#desk");
        }
    }
    world.shoot("operator-all-well");
    world.click("#phone");
    world.browser.find("#user").unwrap().enter("alice").unwrap();
    for (text, shown, picture) in [
        ("not that text", "#note", "operator-unlock-wrong"),
        (&phone.unlock_request(), "#code", "operator-unlock-code"),
    ] {
        world.browser.find("#request").unwrap().enter(text).unwrap();
        world.click("#submit");
        world.shoots(shown, picture);
    }
}
