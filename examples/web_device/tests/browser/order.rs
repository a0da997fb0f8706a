//! The order of storing and using, of `device.js` itself, and how long a PIN takes.

use pollster::block_on;
use pushotp::provision::enrolment;
use serde_json::{Value, json};

use crate::site::{PIN, World, now, rng};

/// A device of its own beside that of the page, enrolled over `/push`; what it stores and when it is noted in `log`.
const DEVICE: &str = "
const { Device } = await import('/device.js');
const { post } = await import('/line.js');
const module = await WebAssembly.compileStreaming(fetch('/web_device.wasm'));
const log = [];
let fails = false;
const save = async () => {
  log.push('storing');
  await new Promise((done) => setTimeout(done, 20));
  if (fails) { throw new Error('full'); }
  log.push('stored');
};
const device = await Device.start(module, save);
const { message, url } = await device.call('enrol', { uri: arguments_[0], name: 'Second' });
const { tokens } = await device.call('enrolled', { reply: await post(url, message) });
const work = tokens.find((token) => token.needsPin);
await device.call('confirm', { pins: [{ token: work.id, pin: arguments_[1] }] });
log.length = 0;
";

fn run(world: &World, body: &str) -> Value {
    let offer = block_on(world.site.server.offer_enrolment(&world.site.user, now(), &mut rng())).unwrap();
    let script = format!("const arguments_ = arguments; return (async () => {{ {DEVICE} {body} }})();");
    world.browser.run(&script, &[json!(&*enrolment::write(&offer).unwrap()), json!(PIN)]).unwrap()
}

#[test]
fn nothing_is_used_before_it_is_stored() {
    let Some(world) = World::start() else { return };
    let log = run(
        &world,
        "
        const call = device.call('passcode', { token: work.id, pin: arguments_[1] }).then(() => log.push('shown'));
        const later = device.call('fetch').then(() => log.push('message'));
        await Promise.all([call, later]);
        return log;
    ",
    );
    assert_eq!(log, json!(["storing", "stored", "shown", "storing", "stored", "message"]));
}

#[test]
fn what_cannot_be_stored_is_not_used_and_nothing_follows() {
    let Some(world) = World::start() else { return };
    let log = run(&world, "
        fails = true;
        const note = (kind) => ({ kind: found }) => log.push(kind + ' ' + found);
        await device.call('passcode', { token: work.id, pin: arguments_[1] }).then(() => log.push('shown'), note('passcode'));
        fails = false;
        await device.call('fetch').then(() => log.push('message'), note('fetch'));
        return log;
    ");
    assert_eq!(log, json!(["storing", "passcode not-stored", "fetch broken"]));
}

#[test]
fn a_pin_takes_its_time() {
    let Some(world) = World::start() else { return };
    let times = run(
        &world,
        "
        const times = [];
        for (let turn = 0; turn < 5; turn += 1) {
          const start = performance.now();
          await device.call('passcode', { token: work.id, pin: arguments_[1] });
          times.push(Math.round(performance.now() - start - 20));
        }
        return times;
    ",
    );
    println!("one unlock in this browser, in ms: {times}");
    assert_eq!(times.as_array().map(Vec::len), Some(5));
}
