//! Where results go: standard output, or a file that is there whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// A place for one result, opened before the work, so that an unwritable one is said at once.
pub struct Output {
    file: Option<(PathBuf, NamedTempFile)>,
}

impl Output {
    /// Standard output, or `path`.
    ///
    /// # Errors
    /// When no file can be made beside `path`.
    pub fn open(path: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(Error::file(path))?;
            if path.is_dir() {
                return Err(Error::file(path)(io::ErrorKind::IsADirectory.into()));
            }
            Ok((path.to_owned(), file))
        };
        Ok(Self { file: path.map(open).transpose()? })
    }

    /// How many columns the terminal has, where it goes to one.
    pub fn width(&self) -> Option<usize> {
        const NARROWEST: usize = 40;
        let on_terminal = self.file.is_none().then(screen).flatten();
        on_terminal.map(|screen| screen.columns.max(NARROWEST))
    }

    /// Writes `text`; colours only where standard output is a terminal that wants them.
    ///
    /// # Errors
    /// When the file cannot be written. A closed standard output is no error: nobody reads.
    pub fn write(self, text: &str) -> Result<(), Error> {
        match self.file {
            Some((path, file)) => write_file(file, &path, text).map_err(Error::file(&path)),
            None => match anstream::stdout().write_all(text.as_bytes()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Error::file("standard output")(error))
                }
                _ => Ok(()),
            },
        }
    }
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// How many lines it shows.
    pub rows: usize,
    /// How many characters a line has.
    pub columns: usize,
}

/// That of the terminal to which standard output goes, if it goes to one that tells.
pub fn screen() -> Option<Screen> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0)?;
    Some(Screen { rows: size.ws_row.into(), columns: size.ws_col.into() })
}

fn write_file(mut file: NamedTempFile, path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.write_all(anstream::adapter::strip_str(text).to_string().as_bytes())?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}
