/** What a manifest may be at most. A cluster's own limit for one object is 1.5 MiB as etcd stores it. */
export const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
/** Of braces and brackets within each other, and of YAML collections. */
export const MAX_NESTING = 100;
/** Of Lists within Lists. */
export const MAX_LIST_NESTING = 10;
/** YAML values that an object has when its aliases are written out. */
export const MAX_YAML_VALUES = 200_000;
export const MAX_OBJECTS = 2_000_000;
export const MAX_FILES = 100_000;
/** Faults that are told of one file; after so many the rest of it is left alone. */
export const MAX_FAULTS = 20;
