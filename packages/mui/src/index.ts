'use client'

export { ConflictDialog, type ConflictDialogProps } from './ConflictDialog.js'
export { ConnectionStatus, type ConnectionStatusProps } from './ConnectionStatus.js'
export type { ConflictTexts } from './conflictTexts.js'
export {
  FilterChips,
  type FilterChipsProps,
  FilterPanel,
  type FilterPanelProps,
  type FilterTexts,
} from './filters/index.js'
export {
  BindingForm,
  type BindingFormProps,
  componentOf,
  type FieldComponent,
  type FieldProps,
  Form,
  type FormLayout,
  type FormsetTexts,
  type FormTexts,
  InvalidValue,
  ModelAutocomplete,
  type ModelAutocompleteProps,
  type ModelKey,
  registerField,
} from './form/index.js'
export { TextsProvider, type TextsProviderProps } from './languages/TextsProvider.js'
export type { SomeTexts, Texts } from './languages/texts.js'
export type { ModalProps } from './Modal.js'
export {
  CreateModal,
  DeleteModal,
  type DeleteModalProps,
  FormModal,
  type FormModalProps,
  RetrieveModal,
  type RetrieveModalProps,
  UpdateModal,
} from './modals.js'
export type { ModalTexts } from './modalTexts.js'
export { PresenceAvatars, type PresenceAvatarsProps } from './presence/index.js'
export { SearchBar, type SearchBarProps } from './SearchBar.js'
export type { StatusTexts } from './statusTexts.js'
export {
  BindingTable,
  type BindingTableProps,
  type BulkAction,
  type ColumnOptions,
  columnOf,
  columnsOf,
  List,
  type RowAction,
  SearchTable,
  type TableQuery,
  type TableRow,
  type TableState,
  type TableTexts,
  useTableState,
  useUrlState,
} from './table/index.js'
export { textOf } from './text.js'
export { type UrlModal, useUrlModal } from './useUrlModal.js'
