//! The browser itself, on pages without a server.

use serde_json::json;
use webdriver::{Browser, Options, keys};

const PAGE: &str = "data:text/html,<title>T</title><p id=p>before</p><p id=hidden hidden>no</p>\
    <form onsubmit=\"p.textContent=i.value;return false\"><input id=i></form>\
    <style>@media(prefers-color-scheme:dark){p{color:rgb(1,2,3)}}</style>\
    <script>p.dataset.scripts='on'</script>";

#[test]
fn a_page_is_read_typed_into_and_looked_at() {
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    browser.open(PAGE).unwrap();
    assert_eq!(browser.title().unwrap(), "T");
    assert_eq!(browser.find("#p").unwrap().text().unwrap(), "before");
    assert_eq!(browser.find("#p").unwrap().attribute("data-scripts").unwrap().as_deref(), Some("on"));
    let input = browser.find("input").unwrap();
    input.enter("wrong").unwrap();
    input.clear().unwrap();
    input.enter("after").unwrap();
    assert_eq!(input.property("value").unwrap(), "after");
    input.enter(keys::ENTER).unwrap();
    browser.find_text("#p", "after").unwrap();
    // A user's choice of colours, and that nothing else changes them.
    let colour = "return getComputedStyle(document.querySelector('p')).color";
    assert_eq!(browser.run(colour, &[]).unwrap(), "rgb(0, 0, 0)");
    browser.prefer_dark(true).unwrap();
    assert_eq!(browser.run(colour, &[]).unwrap(), "rgb(1, 2, 3)");
    assert_eq!(browser.run("return Promise.resolve(arguments[0] + 1)", &[json!(1)]).unwrap(), 2);
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("folder/page.png");
    browser.screenshot(&file).unwrap();
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn what_is_hidden_is_not_found_and_errors_are_told() {
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    browser.open(PAGE).unwrap();
    assert!(browser.all("#hidden").unwrap().is_empty());
    browser.gone("#hidden").unwrap();
    assert_eq!(browser.all("#p").unwrap().len(), 1);
    assert!(browser.all("#").unwrap_err().to_string().starts_with("invalid selector"));
    assert!(browser.run("throw new Error('why')", &[]).unwrap_err().to_string().contains("why"));
}

#[test]
fn tabs_and_the_back_button() {
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    browser.open("data:text/html,one").unwrap();
    browser.open("data:text/html,two").unwrap();
    browser.back().unwrap();
    assert!(browser.url().unwrap().ends_with("one"));
    browser.reload().unwrap();
    let first = browser.tab().unwrap();
    let second = browser.new_tab().unwrap();
    assert_ne!(first, second);
    assert_eq!(browser.tabs().unwrap().len(), 2);
    browser.open("data:text/html,three").unwrap();
    browser.to_tab(&first).unwrap();
    assert!(browser.url().unwrap().ends_with("one"));
}

#[test]
fn scripts_can_be_off() {
    let options = Options { scripts: false, ..Options::default() };
    let Some(browser) = Browser::start_or_skip(&options) else { return };
    browser.open(PAGE).unwrap();
    let p = browser.find("#p").unwrap();
    assert_eq!(p.attribute("data-scripts").unwrap(), None);
    assert_eq!(p.text().unwrap(), "before");
    browser.find("input").unwrap().enter("works").unwrap();
}

#[test]
fn the_console_is_read_and_says_what_a_policy_stopped() {
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    browser.open("data:text/html,<meta http-equiv=content-security-policy content=\"style-src 'none'\"><p>").unwrap();
    assert!(browser.console().unwrap().is_empty());
    browser.run("document.querySelector('p').setAttribute('style', 'color: red')", &[]).unwrap();
    browser.run("console.error('loud')", &[]).unwrap();
    let told = browser.console().unwrap();
    assert!(told[0].starts_with("SEVERE") && told[0].contains("Content Security Policy"), "{told:?}");
    assert!(told[1].contains("loud") && told.len() == 2, "{told:?}");
    assert!(browser.console().unwrap().is_empty(), "told once");
}

#[test]
fn keys_go_where_the_focus_is_and_a_page_is_as_wide_as_told() {
    let Some(browser) = Browser::start_or_skip(&Options::default()) else { return };
    browser.open(PAGE).unwrap();
    browser.press(keys::TAB).unwrap();
    assert_eq!(browser.focused().unwrap().attribute("id").unwrap().as_deref(), Some("i"));
    browser.press(&format!("after{}", keys::ENTER)).unwrap();
    browser.find_text("#p", "after").unwrap();
    for width in [360, 1280] {
        browser.resize(width, 700).unwrap();
        assert_eq!(browser.run("return [innerWidth, innerHeight]", &[]).unwrap(), json!([width, 700]));
    }
}
