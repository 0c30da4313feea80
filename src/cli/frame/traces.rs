//! Traces on standard error: what every room says of its work, for `--debug` and `AQ_LOG`.

use tracing::level_filters::LevelFilter;

use super::globals::Globals;

/// Listens from here on, as far as the flags and `AQ_LOG` ask for it. Gives a warning for a level that is none.
pub fn listen(globals: &Globals) -> Option<String> {
    let asked = std::env::var("AQ_LOG").ok().filter(|text| !text.is_empty());
    let by_flag = match (globals.debug, globals.verbose) {
        (true, _) | (false, 2..) => Some(LevelFilter::DEBUG),
        (false, 1) => Some(LevelFilter::INFO),
        (false, 0) => None,
    };
    let read = asked.as_ref().map(|text| (text, level(text)));
    let warning = match read {
        Some((text, None)) => {
            Some(format!("AQ_LOG={text} is no level: it is one of error, warn, info, debug, trace, off"))
        }
        _ => None,
    };
    let level = by_flag.into_iter().chain(read.and_then(|row| row.1)).max().unwrap_or(LevelFilter::OFF);
    if level != LevelFilter::OFF {
        let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
        let lines = lines.with_ansi(false).with_timer(tracing_subscriber::fmt::time::uptime());
        // Whoever listens already, in a test, goes on listening.
        let _ = lines.try_init();
    }
    warning
}

fn level(text: &str) -> Option<LevelFilter> {
    match text.to_ascii_lowercase().as_str() {
        "error" => Some(LevelFilter::ERROR),
        "warn" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        "off" => Some(LevelFilter::OFF),
        _ => None,
    }
}
