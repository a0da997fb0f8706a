//! What is in a provisioning text or file: a JSON object for each token, or the same tokens in another format.
//!
//! `cargo run --example inspect -- [OPTION]... FILE|-`; `--help` lists the options.

mod convert;
mod failure;
mod json;
mod options;

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
};

use failure::Failure;
use options::{Options, Request, Target};
use pushotp_provision::{Records, Unlock, read};
use zeroize::Zeroizing;

/// More is read of nothing: what the crate takes of a file, and a byte that shows that there is more.
const MAX_FILE: u64 = (32 << 20) + 1;
/// A password is one line.
const MAX_PASSWORD: u64 = 4096;

fn main() -> ExitCode {
    let (mut input, mut out, mut err) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()), io::stderr().lock());
    let ended = run(std::env::args_os().skip(1), &mut input, &mut out, &mut err);
    match ended.and_then(|all| Ok(out.flush().map(|()| all)?)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            // With nowhere to say it, the exit status says it.
            let _ = writeln!(err, "inspect: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Does what was asked; false if records were refused or could not be written.
fn run(
    arguments: impl Iterator<Item = std::ffi::OsString>,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<bool, Failure> {
    let options = match Options::parse(arguments)? {
        Request::Help => return Ok(out.write_all(options::USAGE.as_bytes()).map(|()| true)?),
        Request::Inspect(options) => options,
    };
    let records = open(&options, stdin)?;
    let all_read = records.records.iter().all(|record| record.result.is_ok());
    for warning in records.warnings.iter() {
        writeln!(err, "inspect: {warning}")?;
    }
    if options.to == Target::Json {
        json::print(&records, options.show_secrets, out)?;
        return Ok(all_read);
    }
    for record in &records.records {
        if let Err(error) = &record.result {
            writeln!(err, "inspect: {}: {error}", record.place)?;
        }
    }
    Ok(convert::print(records, &options, out, err)? && all_read)
}

fn open(options: &Options, stdin: &mut dyn Read) -> Result<Records, Failure> {
    let password = match &options.password_file {
        Some(file) => Some(password(&whole(File::open(file).map_err(Failure::Password)?, MAX_PASSWORD)?)?),
        None => None,
    };
    let input = match &options.file {
        Some(file) => whole(File::open(file).map_err(Failure::Read)?, MAX_FILE)?,
        None => whole(stdin, MAX_FILE)?,
    };
    let mut unlock = Unlock::none();
    if let Some(password) = &password {
        unlock = unlock.password(password);
    }
    if let Some(key) = &options.key {
        unlock = unlock.key(key);
    }
    read(&input, &options.policy, &unlock).map_err(|error| Failure::unusable(error, &input))
}

/// All of it, in memory that is wiped.
fn whole(input: impl Read, limit: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    input.take(limit).read_to_end(&mut bytes).map_err(Failure::Read)?;
    Ok(bytes)
}

/// The first line, without its end: an editor puts one there.
fn password(file: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let line = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Zeroizing::new(std::str::from_utf8(line).map_err(|_| Failure::PasswordUtf8)?.to_owned()))
}
