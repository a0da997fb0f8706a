//! The server's process.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

/// A program that ends with the test.
pub(crate) struct Server {
    child: Child,
    arguments: Vec<String>,
    /// Scheme, host and port.
    pub(crate) url: String,
    /// It goes on printing.
    _output: BufReader<ChildStdout>,
}

/// Where the test itself was built: the target folder and the profile.
pub(crate) fn profile() -> PathBuf {
    env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned()
}

/// The program, built as this test was: `cargo test --test` alone does not build it. With the features of the whole workspace,
/// with which CI has built it already.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let profile = profile();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--workspace", "--example", "login_server"]);
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        profile.join("examples").join(format!("login_server{}", env::consts::EXE_SUFFIX))
    })
}

impl Server {
    /// Listens at a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::at("127.0.0.1:0", arguments.iter().map(ToString::to_string).collect())
    }

    fn at(address: &str, arguments: Vec<String>) -> Self {
        let mut command = Command::new(program());
        let mut child = command.args(["--listen", address]).args(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        output.read_line(&mut url).unwrap();
        let url = url.trim().trim_end_matches('/').to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, arguments, url, _output: output }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Ends at once, as by a power cut.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The same program again, at the same port.
    pub(crate) fn start_again(&mut self) {
        self.kill();
        let address = self.url.trim_start_matches("http://").to_owned();
        *self = Self::at(&address, self.arguments.clone());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
