//! Breadth first through every world, so that the way to a broken law is a shortest one.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::{
    laws::{Goal, Law},
    world::{Action, Machine, Rules, World},
};

pub(crate) struct Found {
    pub(crate) worlds: usize,
    /// Each law that was broken, with the steps that break it.
    pub(crate) broken: BTreeMap<Law, Vec<Action>>,
    pub(crate) reached: BTreeSet<Goal>,
}

/// Goes everywhere, but not on from a step that broke one of the laws, and no further once each of them was broken.
pub(crate) fn explore(rules: Rules, laws: &[Law]) -> Found {
    let mut machine = Machine::new(rules);
    let mut queue = VecDeque::from([World::START]);
    let mut came: HashMap<World, Option<(World, Action)>> = HashMap::from([(World::START, None)]);
    let (mut broken, mut reached) = (BTreeMap::new(), BTreeSet::new());
    while let Some(world) = queue.pop_front() {
        if broken.len() == laws.len() {
            break;
        }
        for step in machine.steps(&world) {
            reached.extend(Goal::ALL.into_iter().filter(|goal| goal.reached(&machine, &world, &step)));
            let mut sound = true;
            for law in laws.iter().filter(|law| !law.holds(&machine, &world, &step)) {
                sound = false;
                broken.entry(*law).or_insert_with(|| way(&came, world, step.action));
            }
            if sound && !came.contains_key(&step.after) {
                came.insert(step.after, Some((world, step.action)));
                queue.push_back(step.after);
            }
        }
    }
    Found { worlds: came.len(), broken, reached }
}

/// The actions from the start to `last`.
fn way(came: &HashMap<World, Option<(World, Action)>>, mut world: World, last: Action) -> Vec<Action> {
    let mut actions = vec![last];
    while let Some(Some((before, action))) = came.get(&world) {
        actions.push(*action);
        world = *before;
    }
    actions.reverse();
    actions
}
