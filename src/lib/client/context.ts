// What the frame hands down to every page and component.
import { createContext } from 'svelte';
import type { CharacteristicsStore } from '#lib/client/characteristics.svelte.ts';

/** The store of characteristics; made in the frame, one per page life. */
export const [getCharacteristics, setCharacteristics] = createContext<CharacteristicsStore>();
