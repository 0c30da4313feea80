//! The cockpit without a terminal: a queue by script, keys, and what comes of them.

mod acting;
mod boards;
mod dice;
mod frames;
mod moving;
mod pages;
mod seat;
mod speed;
