// What the frame hands down to every page and component.
import { createContext } from 'svelte';
import type { Actions } from '#lib/client/actions.svelte.ts';
import type { Comparison } from '#lib/client/comparison.svelte.ts';
import type { Measure, Place } from '#lib/client/place.svelte.ts';
import type { ModelLists } from '#lib/client/catalog.svelte.ts';
import type { CharacteristicsStore } from '#lib/client/characteristics.svelte.ts';
import type { DiscoveryHome } from '#lib/client/discovery-home.svelte.ts';
import type { Theme } from '#lib/client/theme.svelte.ts';
import type { DownloadsHome } from '#lib/client/downloads-home.svelte.ts';

/** The store of characteristics; made in the frame, one per page life. */
export const [getCharacteristics, setCharacteristics] = createContext<CharacteristicsStore>();

/** The lists that were scrolled through; made in the frame, so that they outlive the page that shows them. */
export const [getLists, setLists] = createContext<ModelLists>();

/** The discovery of this page's life; made in the frame, so that a run goes on from page to page. */
export const [getDiscovery, setDiscovery] = createContext<DiscoveryHome>();

/** The device, runtime and context everything is measured against; made in the frame. */
export const [getPlace, setPlace] = createContext<Place>();

/** What the rows around are measured against: the place in the header, or that of a list; made in the frame. */
export const [getMeasure, setMeasure] = createContext<Measure>();

/** The models picked for comparing; made in the frame. */
export const [getComparison, setComparison] = createContext<Comparison>();

/** What can be done on the open page; made in the frame. */
export const [getActions, setActions] = createContext<Actions>();

/** Light, dark or the system's; made in the frame. */
export const [getTheme, setTheme] = createContext<Theme>();

/** The downloads of this machine; made in the frame, so that every page shows how they go. */
export const [getDownloads, setDownloads] = createContext<DownloadsHome>();
