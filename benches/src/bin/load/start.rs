//! From the start of the process to its first answer.

use std::{fs, path::Path, time::Duration};

use crate::{Fault, app::App, goal, options::Options, place::Place, provider, report::Figure};

/// Its name on the command line.
pub(crate) const NAME: &str = "start";

/// How many starts the median is taken of.
const STARTS: usize = 7;

/// Measures it: with an empty folder, and with a database that is there.
pub(crate) fn measure(folder: &Path, options: &Options) -> Result<Vec<Figure>, Fault> {
    let provider = provider::start()?;
    let start = |file: &Path| {
        App::start(&options.server, &Place::file(file), provider).map(|app| app.start)
    };
    let fresh = median(|n| {
        let folder = folder.join(format!("fresh-{n}"));
        fs::create_dir(&folder)?;
        start(&folder.join("voip.db"))
    })?;
    let again = median(|_| start(&folder.join("fresh-0").join("voip.db")))?;
    Ok(vec![
        Figure::new(
            "start to first 200, new database".to_owned(),
            fresh,
            goal::START,
            millis,
        ),
        Figure::new(
            "start to first 200, again".to_owned(),
            again,
            goal::START,
            millis,
        ),
    ])
}

fn median(mut start: impl FnMut(usize) -> Result<Duration, Fault>) -> Result<Duration, Fault> {
    let mut times = (0..STARTS).map(&mut start).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[STARTS / 2])
}

fn millis(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
