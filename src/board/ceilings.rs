//! Ceilings that the settings name and the queue does not hold yet, as what the law is asked.
//!
//! The law knows no settings: a ceiling counts from the event that set it. So an agent that starts tells the law what
//! the settings say, once: said again it changes nothing. What a person set since stands, be it less, because they
//! saw the money go, or more, and a restart at night takes back neither.

use crate::fleet::{Command, State, Window};
use crate::job::{Config, Window as Counted};

/// The orders that tell the law what the settings newly say; what these do not name is left as it is.
pub fn ceilings_wanted(config: &Config, state: &State) -> Vec<Command> {
    let product = &state.product;
    let (ceiling, window) = (config.budget_usd, config.budget_window.map(window_of));
    let told = product.from_settings;
    let is_new = ceiling.is_some_and(|usd| told.is_none_or(|told| told.0 != Some(usd)))
        || window.is_some_and(|window| told.is_none_or(|told| told.1 != window));
    let whole = is_new.then_some(Command::SetCeiling {
        ceiling: ceiling.or(product.ceiling),
        window: window.unwrap_or(product.window),
        lifts: false,
    });
    let is_new = |row: &(&String, &u64)| {
        product.engines.get(row.0.as_str()).and_then(|money| money.from_settings) != Some(*row.1)
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
        let check = |state: &mut State, toml: &str, expected: &[&str]| {
            let (layer, _) = read_config(toml, Origin::Project).expect("settings");
            let config = merge_config(&[layer]);
            let wanted = ceilings_wanted(&config, state);
            let said: Vec<String> = wanted.iter().map(|command| format!("{command:?}")).collect();
            assert_eq!(said, expected);
            for command in wanted {
                act(state, Actor::settings(), command);
            }
            assert!(ceilings_wanted(&config, state).is_empty(), "a second agent has nothing to set");
        };
        check(&mut state, "", &[]);
        let day = "budget.engines.claude = 60\nbudget.window = 'day'";
        let claude = "SetEngineCeiling { engine: \"claude\", ceiling: Some(60000000) }";
        check(&mut state, day, &["SetCeiling { ceiling: None, window: Day, lifts: false }", claude]);
        let usd = "SetCeiling { ceiling: Some(20000000), window: Day, lifts: false }";
        check(&mut state, "budget.usd = 20", &[usd]);
        // What a person sets since outlives every agent that reads the same file again, and settings that say what
        // the person says are not said anew when the person says another.
        let person = Actor::new(ActorKind::Person, "ann");
        let set = |state: &mut State, usd| {
            let ceiling = Some(usd);
            act(state, person.clone(), Command::SetCeiling { ceiling, window: Window::Day, lifts: false });
            act(state, person.clone(), Command::SetEngineCeiling { engine: "claude".into(), ceiling });
        };
        set(&mut state, 7);
        check(&mut state, &format!("{day}\nbudget.usd = 20"), &[]);
        assert_eq!(state.product.ceiling, Some(7));
        set(&mut state, 30_000_000);
        let changed = "SetCeiling { ceiling: Some(30000000), window: Day, lifts: false }";
        check(&mut state, "budget.usd = 30", &[changed]);
        set(&mut state, 8);
        check(&mut state, "budget.usd = 30", &[]);
        check(
            &mut state,
            "budget.engines.claude = 5",
            &["SetEngineCeiling { engine: \"claude\", ceiling: Some(5000000) }"],
        );
        check(&mut state, "", &[]);
    }

    fn act(state: &mut State, by: Actor, command: Command) {
        let now = Now { law: Stamp::default(), wall: Stamp::default() };
        handle(state, &Order::new(by, command), now).expect("lawful");
    }
}
