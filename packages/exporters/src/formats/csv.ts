/** CSV of either document: a row for each weight of an analysis, or for each layer of an allocation. */
import type { Exporter } from '@alphalora/contracts/extensions';
import { allocationNotes, allocationTable } from './allocation-csv.js';
import { analysisTable } from './analysis-csv.js';

export const csv: Exporter = {
  name: 'csv',
  kinds: ['analysis', 'allocation'],
  extension: 'csv',
  export(document) {
    return document.kind === 'analysis'
      ? { files: analysisTable(document), notes: [] }
      : { files: allocationTable(document), notes: allocationNotes(document) };
  },
};
