'use client'

export { ConnectionStatus, type ConnectionStatusProps } from './ConnectionStatus.js'
export {
  BindingForm,
  type BindingFormProps,
  componentOf,
  type FieldComponent,
  type FieldProps,
  Form,
  type FormsetTexts,
  InvalidValue,
  ModelAutocomplete,
  type ModelAutocompleteProps,
  type ModelKey,
  registerField,
} from './form/index.js'
export {
  CreateModal,
  DeleteModal,
  type DeleteModalProps,
  FormModal,
  type FormModalProps,
  type ModalProps,
  UpdateModal,
} from './modals.js'
export { SearchBar, type SearchBarProps } from './SearchBar.js'
export {
  BindingTable,
  type BindingTableProps,
  type ColumnOptions,
  columnOf,
  columnsOf,
  SearchTable,
  type TableRow,
} from './table/index.js'
export { textOf } from './text.js'
