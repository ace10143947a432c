use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use uuid::Uuid;

use crate::{StartupError, config};

/// The key that signs logins where none is set: made once and kept beside the
/// database, for its owner alone, so that logins outlive a restart as accounts
/// do.
///
/// # Errors
/// When the file cannot be read or made, or holds no good key.
pub(crate) fn key_beside(database: &Path) -> Result<SecretString, StartupError> {
    if let Some(key) = known_key_beside(database)? {
        return Ok(key);
    }
    let path = path_beside(database);
    let key = make(&path).map_err(|error| cannot(&path, &error))?;
    Ok(SecretString::from(key))
}

/// The same key, where it was made already.
///
/// # Errors
/// When the file is there and cannot be read, or holds no good key.
pub(crate) fn known_key_beside(database: &Path) -> Result<Option<SecretString>, StartupError> {
    let path = path_beside(database);
    let key = match fs::read_to_string(&path) {
        Ok(key) => key,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(&path, &error)),
    };
    let key = key.trim();
    if config::is_weak(key) {
        return Err(StartupError::new(format!(
            "{} holds no good key for logins: delete it and log in anew, or set JWT_SECRET",
            path.display()
        )));
    }
    Ok(Some(SecretString::from(key)))
}

fn cannot(path: &Path, error: &io::Error) -> StartupError {
    StartupError::new(format!(
        "the key for logins in {} cannot be read or made: {error}; or set JWT_SECRET",
        path.display()
    ))
}

/// Where the key of a database is.
pub(crate) fn path_beside(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(".key");
    PathBuf::from(path)
}

/// A key that nobody knows, in 64 characters.
pub(crate) fn fresh_key() -> String {
    let half = || Uuid::new_v4().as_simple().to_string();
    half() + &half()
}

fn make(path: &Path) -> io::Result<String> {
    let key = fresh_key();
    // Under another name first: a crash must leave no half a key.
    let mut unfinished = OsString::from(path);
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mut new = OpenOptions::new();
    // What somebody left there keeps its owner and rights: away with it.
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let mut file = new.open(&unfinished)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    keep_name(path)?;
    Ok(key)
}

/// Makes sure that a power failure leaves the file under its name: that is in
/// its folder, which is written apart from it.
fn keep_name(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // Elsewhere folders cannot be opened as files, and names are kept anyway.
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("voip.db");
        let key = key_beside(&database).unwrap();
        let again = key_beside(&database).unwrap();
        assert_eq!(key.expose_secret(), again.expose_secret());
        let other = key_beside(&folder.path().join("other.db")).unwrap();
        assert_ne!(key.expose_secret(), other.expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = fs::metadata(path_beside(&database)).unwrap();
            assert_eq!(file.permissions().mode() & 0o077, 0);
        }
    }

    #[test]
    fn nothing_is_made_by_looking_whether_there_is_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("voip.db");
        assert!(known_key_beside(&database).unwrap().is_none());
        assert!(!path_beside(&database).exists());
        let key = key_beside(&database).unwrap();
        let known = known_key_beside(&database).unwrap().unwrap();
        assert_eq!(key.expose_secret(), known.expose_secret());
    }

    #[test]
    fn a_key_is_kept_beside_a_database_without_a_folder_too() {
        for name in ["voip.db.key", "./voip.db.key"] {
            keep_name(Path::new(name)).unwrap();
        }
        assert!(keep_name(Path::new("no such folder/voip.db.key")).is_err());
    }

    #[test]
    fn a_damaged_key_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("voip.db");
        fs::write(path_beside(&database), "").unwrap();
        let error = key_beside(&database).unwrap_err().to_string();
        assert!(error.contains("voip.db.key"), "{error}");
    }
}
