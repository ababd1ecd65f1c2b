// Runs before each test file: removes the folders it made when it is over.
import { afterAll } from 'vitest';
import { removeFolders } from './folder.ts';

afterAll(removeFolders);
