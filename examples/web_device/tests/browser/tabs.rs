use serde_json::json;

use crate::site::World;

#[test]
fn two_tabs_never_have_the_device_at_once() {
    let Some(world) = World::enrolled() else { return };
    let browser = &world.browser;
    let first = browser.tab().unwrap();
    let second = browser.new_tab().unwrap();
    browser.open(&world.site.url).unwrap();
    browser.find_text("#elsewhere", "Open in another tab").unwrap();
    world.picture("elsewhere");
    browser.to_tab(&first).unwrap();
    browser.open("about:blank").unwrap();
    browser.to_tab(&second).unwrap();
    browser.find_text("#tokens", "Everyday").unwrap();
}

#[test]
fn the_module_imports_nothing() {
    let Some(world) = World::start() else { return };
    let imports = "return WebAssembly.compileStreaming(fetch('/web_device.wasm'))
        .then((module) => WebAssembly.Module.imports(module).length)";
    assert_eq!(world.browser.run(imports, &[]).unwrap(), 0);
    let exports = "return WebAssembly.compileStreaming(fetch('/web_device.wasm'))
        .then((module) => WebAssembly.Module.exports(module).map((found) => found.name).sort())";
    let exports = world.browser.run(exports, &[]).unwrap();
    assert!(exports.as_array().unwrap().contains(&json!("device_call")), "{exports}");
}
