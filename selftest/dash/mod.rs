//! The cockpit without a terminal: a queue by script, keys, and what comes of them.

mod acting;
mod boards;
mod dice;
mod frames;
mod live;
mod moving;
mod pages;
mod plain;
mod pty;
mod seat;
mod speed;
