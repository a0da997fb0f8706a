//! A real server: made, used, crashed, started again, and gone.

use std::{io, path::Path, process::Command};

use pg_cluster::Cluster;

#[test]
fn it_is_durable_by_default() -> io::Result<()> {
    let Some(cluster) = Cluster::start_or_skip() else { return Ok(()) };
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(cluster.sql("postgres", &format!("SHOW {setting}"))?, "on", "{setting}");
    }
    cluster.set("fsync", "off")?;
    assert_eq!(cluster.sql("postgres", "SHOW fsync")?, "off");
    assert!(cluster.sql("postgres", "SELECT wrong").is_err());
    Ok(())
}

#[test]
fn what_is_committed_outlives_a_crash() -> io::Result<()> {
    let Some(mut cluster) = Cluster::start_or_skip() else { return Ok(()) };
    let database = cluster.create_database()?;
    assert_ne!(cluster.create_database()?, database);
    cluster.sql(&database, "CREATE TABLE told (round int)")?;
    for (round, crash) in [Cluster::stop_immediate, Cluster::kill, Cluster::kill].into_iter().enumerate() {
        cluster.sql(&database, &format!("INSERT INTO told VALUES ({round})"))?;
        crash(&mut cluster)?;
        assert!(cluster.sql(&database, "SELECT 1").is_err(), "it runs on");
        cluster.restart()?;
        assert_eq!(cluster.sql(&database, "SELECT count(*) FROM told")?, (round + 1).to_string());
    }
    Ok(())
}

#[test]
fn nothing_is_left() -> io::Result<()> {
    let Some(cluster) = Cluster::start_or_skip() else { return Ok(()) };
    let (data, pid) = (cluster.data(), cluster.sql("postgres", "SELECT pg_backend_pid()")?);
    assert!(data.exists());
    drop(cluster);
    assert!(!data.parent().is_some_and(Path::exists));
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    Ok(())
}

/// Set for the process that this test starts and that dies without a chance to clear up.
const DIES: &str = "PG_CLUSTER_TEST_DIES";

#[test]
fn nothing_is_left_of_a_process_that_dies() -> io::Result<()> {
    let Some(cluster) = Cluster::start_or_skip() else { return Ok(()) };
    if std::env::var_os(DIES).is_some() {
        eprintln!("data: {}", cluster.data().display());
        std::process::abort();
    }
    let mut dying = Command::new(std::env::current_exe()?);
    dying.args(["--exact", "nothing_is_left_of_a_process_that_dies", "--nocapture"]).env(DIES, "1");
    let told = String::from_utf8_lossy(&dying.output()?.stderr).into_owned();
    let data = told.lines().find_map(|line| line.strip_prefix("data: ")).expect("the folder of the other's data");
    for _ in 0..1_000 {
        if !Path::new(data).exists() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the folder is still there");
}
