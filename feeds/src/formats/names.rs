//! The names that occur in a feed, as a tree: one node for each path, found again without hashing or
//! allocating, since rows mostly repeat their order.

use crate::hash::{PATH_EMPTY, PathHash, path_extend};

/// All paths of a feed.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    /// The last part, with `@` if it is an attribute's.
    part: String,
    path: String,
    hash: PathHash,
    children: Vec<u32>,
}

pub(crate) const ROOT: u32 = 0;

impl Default for Names {
    fn default() -> Self {
        let root = Node {
            part: String::new(),
            path: String::new(),
            hash: PATH_EMPTY,
            children: Vec::new(),
        };
        Self { nodes: vec![root] }
    }
}

impl Names {
    pub(crate) fn name(&self, node: u32) -> &str {
        &self.nodes[node as usize].path
    }

    pub(crate) fn hash(&self, node: u32) -> PathHash {
        self.nodes[node as usize].hash
    }

    /// All paths in the order of their first occurrence.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.nodes[1..].iter().map(|node| node.path.as_str())
    }

    /// Finds a known child, looking first where `likely` says, which is told for the next time.
    pub(crate) fn find(
        &self,
        parent: u32,
        part: &str,
        attribute: bool,
        likely: &mut u32,
    ) -> Option<u32> {
        let children = &self.nodes[parent as usize].children;
        let is = |place: usize| {
            let known = self.nodes[children[place] as usize].part.as_str();
            match known.strip_prefix('@') {
                Some(name) => attribute && name == part,
                None => !attribute && known == part,
            }
        };
        // The same again comes first, since lists repeat; then the next, since rows keep an order.
        let last = *likely as usize;
        let place =
            (0..children.len()).map(|step| (last + step) % children.len()).find(|at| is(*at))?;
        *likely = place as u32;
        Some(children[place])
    }

    /// Whether there are as many names as the limit allows.
    pub(crate) fn is_full(&self, names_max: u32) -> bool {
        self.nodes.len() > names_max as usize
    }

    /// About how many bytes the table takes.
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.iter().map(|node| size_of::<Node>() + node.part.len() + node.path.len()).sum()
    }

    /// Makes a child that is not known yet. `None` once there are as many names as the limit allows.
    pub(crate) fn add(
        &mut self,
        parent: u32,
        part: &str,
        attribute: bool,
        names_max: u32,
    ) -> Option<u32> {
        if self.is_full(names_max) {
            return None;
        }
        let above = &self.nodes[parent as usize];
        let joint = if attribute {
            "@"
        } else if above.path.is_empty() {
            ""
        } else {
            "/"
        };
        let path = format!("{}{joint}{part}", above.path);
        let hash = path_extend(path_extend(above.hash, joint), part);
        let part = if attribute { format!("@{part}") } else { part.to_owned() };
        let child = self.nodes.len() as u32;
        self.nodes.push(Node { part, path, hash, children: Vec::new() });
        self.nodes[parent as usize].children.push(child);
        Some(child)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::path_hash;

    #[test]
    fn a_path_is_one_node_and_its_hash_is_that_of_its_text() {
        let mut names = Names::default();
        let images = names.add(ROOT, "IMAGES", false, 10).unwrap();
        let image = names.add(images, "IMAGE", false, 10).unwrap();
        let text = names.add(image, "description", true, 10).unwrap();
        assert_eq!(names.name(text), "IMAGES/IMAGE@description");
        assert_eq!(names.hash(text), path_hash("IMAGES/IMAGE@description"));
        assert_eq!(names.find(images, "IMAGE", false, &mut 0), Some(image));
        assert_eq!(names.find(images, "IMAGE", true, &mut 0), None);
        let id = names.add(ROOT, "id", true, 10).unwrap();
        assert_eq!((names.name(id), names.hash(id)), ("@id", path_hash("@id")));
        assert_eq!(names.find(ROOT, "id", true, &mut 7), Some(id));
    }

    #[test]
    fn there_are_no_more_names_than_allowed() {
        let mut names = Names::default();
        assert!(names.add(ROOT, "A", false, 1).is_some());
        assert!(names.add(ROOT, "B", false, 1).is_none());
    }
}
