//! Ceilings that the settings name and the queue does not hold yet, as what the law is asked.
//!
//! The law knows no settings: a ceiling counts from the event that set it. So an agent brings the queue to what the
//! settings say when it starts, and what a person sets in between by the verb holds until then.

use crate::fleet::{Command, State, Window};
use crate::job::{Config, Window as Counted};

/// The orders that bring the queue to the ceilings of the settings; what these do not name is left as it is.
pub fn ceilings_wanted(config: &Config, state: &State) -> Vec<Command> {
    let product = &state.product;
    let ceiling = config.budget_usd.or(product.ceiling);
    let window = config.budget_window.map_or(product.window, window_of);
    let whole = ((ceiling, window) != (product.ceiling, product.window)).then_some(Command::SetCeiling {
        ceiling,
        window,
        lifts: false,
    });
    let is_new = |row: &(&String, &u64)| {
        product.engines.get(row.0.as_str()).and_then(|money| money.ceiling) != Some(*row.1)
    };
    let set = |(engine, usd): (&String, &u64)| Command::SetEngineCeiling {
        engine: engine.clone(),
        ceiling: Some(*usd),
    };
    whole.into_iter().chain(config.budget_engines.iter().filter(is_new).map(set)).collect()
}

fn window_of(window: Counted) -> Window {
    match window {
        Counted::Day => Window::Day,
        Counted::Week => Window::Week,
        Counted::Month => Window::Month,
        Counted::Total => Window::Total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Actor, ActorKind, Now, Order, handle};
    use crate::job::{Origin, merge_config, read_config};
    use crate::time::Stamp;

    #[test]
    fn the_queue_is_brought_to_what_the_settings_say() {
        let mut state = State::default();
        let mut check = |toml: &str, expected: &[&str]| {
            let (layer, _) = read_config(toml, Origin::Project).expect("settings");
            let config = merge_config(&[layer]);
            let wanted = ceilings_wanted(&config, &state);
            let said: Vec<String> = wanted.iter().map(|command| format!("{command:?}")).collect();
            assert_eq!(said, expected);
            for command in wanted {
                let order = Order::new(Actor::new(ActorKind::System, "settings"), command);
                handle(&mut state, &order, Now { law: Stamp::default(), wall: Stamp::default() })
                    .expect("lawful");
            }
            assert!(ceilings_wanted(&config, &state).is_empty(), "a second agent has nothing to set");
        };
        check("", &[]);
        check(
            "budget.engines.claude = 60\nbudget.window = 'day'",
            &[
                "SetCeiling { ceiling: None, window: Day, lifts: false }",
                "SetEngineCeiling { engine: \"claude\", ceiling: Some(60000000) }",
            ],
        );
        check("budget.usd = 20", &["SetCeiling { ceiling: Some(20000000), window: Day, lifts: false }"]);
        check(
            "budget.engines.claude = 5",
            &["SetEngineCeiling { engine: \"claude\", ceiling: Some(5000000) }"],
        );
        check("", &[]);
    }
}
