//! A database server in the place of the file.

use super::{Options, told};

#[test]
fn with_postgresql_it_is_the_same_story() {
    let Some(cluster) = pg_cluster::Cluster::start_or_skip() else { return };
    let db = cluster.url(&cluster.create_database().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let with = |db: Option<&str>, keys: Option<&str>| Options {
        db: db.map(ToOwned::to_owned),
        keys: keys.map(|name| folder.path().join(name)),
        quiet: true,
        ..Options::default()
    };
    let (in_a_file, end) = told(&with(None, None));
    end.unwrap();
    let (out, end) = told(&with(Some(&db), Some("keys")));
    end.unwrap();
    assert_eq!(out, in_a_file);

    let (out, end) = told(&with(Some(&db), Some("keys")));
    end.unwrap();
    assert!(out.contains("user alice2"), "{out}");
    let lost = told(&with(Some(&db), Some("other"))).1.unwrap_err().to_string();
    assert!(lost.contains("other is missing"), "{lost}");
    // Without a file of keys, a run has its own.
    told(&with(Some(&db), None)).1.unwrap();
    let refused = told(&with(Some("mysql://localhost/x"), None)).1.unwrap_err().to_string();
    assert!(refused.contains("postgres://"), "{refused}");
}
