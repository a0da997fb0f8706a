#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    fuzz_entry::subscription(input);
});
